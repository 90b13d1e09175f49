/** Forms of the views of this app: fields that a template prints, and what is wrong with what was entered. */
import { html, SafeString } from '#core/template'
import { lengthProblem } from './types.ts'

export interface FieldOptions {
  readonly label: string
  readonly type?: 'text' | 'password' | 'email'
  readonly autocomplete?: string
  /** Characters. A longer value is an error of the field. */
  readonly maxLength?: number
  readonly autofocus?: boolean
  /** Rules for the user who fills in the form. */
  readonly help?: readonly string[]
  /** Whether blanks around the text are cut off; never of a password. */
  readonly strip?: boolean
}

export type FieldsOptions<Name extends string> = Readonly<Record<Name, FieldOptions>>

const REQUIRED = 'This field is required.'

function widget(name: string, options: FieldOptions, value: string, isWrong: boolean): SafeString {
  const { type = 'text', autocomplete, maxLength, autofocus, help = [] } = options
  const attributes = [
    type !== 'password' && value !== '' && html` value="${value}"`,
    autocomplete !== undefined && html` autocomplete="${autocomplete}"`,
    maxLength !== undefined && html` maxlength="${maxLength}"`,
    type !== 'password' && html` autocapitalize="none"`,
    autofocus === true && html` autofocus`,
    isWrong && html` aria-invalid="true"`,
    help.length > 0 && html` aria-describedby="id_${name}_helptext"`,
  ]
  return html`<input type="${type}" name="${name}" id="id_${name}" required${attributes}>`
}

/** A field as templates see it: it prints its input element. */
export class BoundField extends SafeString {
  readonly name: string
  readonly label: string
  readonly help: readonly string[]
  readonly errors: readonly string[]

  constructor(name: string, options: FieldOptions, value: string, errors: readonly string[]) {
    super(widget(name, options, value, errors.length > 0))
    this.name = name
    this.label = options.label
    this.help = options.help ?? []
    this.errors = errors
  }

  get idForLabel(): string {
    return `id_${this.name}`
  }

  get labelTag(): SafeString {
    return html`<label for="${this.idForLabel}">${this.label}:</label>`
  }

  get helpText(): SafeString {
    if (this.help.length === 0) return html``
    return html`<ul class="helptext" id="id_${this.name}_helptext">${this.help.map((rule) => html`<li>${rule}</li>`)}</ul>`
  }
}

const errorList = (errors: readonly string[]): SafeString =>
  errors.length === 0 ? html`` : html`<ul class="errorlist">${errors.map((error) => html`<li>${error}</li>`)}</ul>`

export class Form<Name extends string> {
  readonly #fields: FieldsOptions<Name>
  readonly #values = new Map<string, string>()
  readonly #errors = new Map<string, string[]>()
  /** What is wrong with the form as a whole. */
  readonly nonFieldErrors: string[] = []
  /** Fields by name, as templates see them. */
  readonly fields: Readonly<Record<Name, BoundField>>

  /** @param data what was sent; without it the form is new */
  constructor(fields: FieldsOptions<Name>, data?: URLSearchParams) {
    this.#fields = fields
    if (data !== undefined) for (const name of this.#names()) this.#read(name, data.get(name) ?? '')
    const bound = this.#names().map((name) => [name, { enumerable: true, get: () => this.#bound(name) }])
    this.fields = Object.defineProperties({}, Object.fromEntries(bound) as PropertyDescriptorMap) as typeof this.fields
    // A template writes `form.username`, too.
    for (const name of this.#names()) Object.defineProperty(this, name, { get: () => this.#bound(name) })
  }

  #names(): Name[] {
    return Object.keys(this.#fields) as Name[]
  }

  #read(name: Name, sent: string): void {
    const { type, maxLength, strip = type !== 'password' } = this.#fields[name]
    const value = strip ? sent.trim() : sent
    this.#values.set(name, value)
    const tooLong = maxLength === undefined ? undefined : lengthProblem(value, maxLength)
    if (value === '') this.addError(name, REQUIRED)
    else if (tooLong !== undefined) this.addError(name, tooLong)
    else if (value.includes('\0')) this.addError(name, 'Null characters are not allowed.')
  }

  #bound(name: Name): BoundField {
    return new BoundField(name, this.#fields[name], this.value(name), this.#errors.get(name) ?? [])
  }

  /** What was sent for a field; empty where nothing was. */
  value(name: Name): string {
    return this.#values.get(name) ?? ''
  }

  addError(name: Name, ...messages: readonly string[]): void {
    this.#errors.set(name, [...(this.#errors.get(name) ?? []), ...messages])
  }

  get isValid(): boolean {
    return this.#errors.size === 0 && this.nonFieldErrors.length === 0
  }

  /** All that is wrong, by field. */
  get errors(): Readonly<Record<string, readonly string[]>> {
    const own = Object.fromEntries(this.#errors)
    return this.nonFieldErrors.length === 0 ? own : { __all__: this.nonFieldErrors, ...own }
  }

  /** The whole form in paragraphs: `{{ form.as_p }}`. */
  get asP(): SafeString {
    const rows = this.#names().map((name) => {
      const field = this.#bound(name)
      return html`${errorList(field.errors)}<p>${field.labelTag} ${field}</p>${field.helpText}`
    })
    return html`${errorList(this.nonFieldErrors)}${rows}`
  }

  /** The same, each field in a div. */
  get asDiv(): SafeString {
    const rows = this.#names().map((name) => {
      const field = this.#bound(name)
      return html`<div class="field">${field.labelTag}${field.helpText}${errorList(field.errors)}${field}</div>`
    })
    return html`${errorList(this.nonFieldErrors)}${rows}`
  }

  toString(): string {
    return this.asDiv.toString()
  }
}
