/** The forms of this app's views: fields that a template renders, and validation errors. */
import { html, SafeString } from '#core/template'
import { lengthProblem } from './types.ts'

export interface FieldOptions {
  readonly label: string
  readonly type?: 'text' | 'password' | 'email'
  readonly autocomplete?: string
  /** In characters. A longer value is a field error. */
  readonly maxLength?: number
  readonly autofocus?: boolean
  /** Help texts for the user who fills in the form. */
  readonly help?: readonly string[]
  /** Whether surrounding whitespace is removed. Defaults to true, except for passwords. */
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

/** A field for templates. Its string value is the HTML of its input element. */
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
  /** Errors of the form as a whole. */
  readonly nonFieldErrors: string[] = []
  /** Bound fields by name. */
  readonly fields: Readonly<Record<Name, BoundField>>

  /** @param data the submitted data; absent for an empty form */
  constructor(fields: FieldsOptions<Name>, data?: URLSearchParams) {
    this.#fields = fields
    if (data !== undefined) for (const name of this.#names()) this.#read(name, data.get(name) ?? '')
    const bound = this.#names().map((name) => [name, { enumerable: true, get: () => this.#bound(name) }])
    this.fields = Object.defineProperties({}, Object.fromEntries(bound) as PropertyDescriptorMap) as typeof this.fields
    // Templates may also write `form.username`.
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

  /** The submitted value of a field; empty if none was submitted. */
  value(name: Name): string {
    return this.#values.get(name) ?? ''
  }

  addError(name: Name, ...messages: readonly string[]): void {
    this.#errors.set(name, [...(this.#errors.get(name) ?? []), ...messages])
  }

  get isValid(): boolean {
    return this.#errors.size === 0 && this.nonFieldErrors.length === 0
  }

  /** All errors by field; `__all__` has those of the form as a whole. */
  get errors(): Readonly<Record<string, readonly string[]>> {
    const own = Object.fromEntries(this.#errors)
    return this.nonFieldErrors.length === 0 ? own : { __all__: this.nonFieldErrors, ...own }
  }

  /** The form as paragraphs: `{{ form.as_p }}`. */
  get asP(): SafeString {
    const rows = this.#names().map((name) => {
      const field = this.#bound(name)
      return html`${errorList(field.errors)}<p>${field.labelTag} ${field}</p>${field.helpText}`
    })
    return html`${errorList(this.nonFieldErrors)}${rows}`
  }

  /** The form with each field in a div. */
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
