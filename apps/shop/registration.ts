/** The form on which one registers: what was entered, and what is wrong with it. */
import { passwordHelpTexts, User, validatePassword, ValidationError } from '#core/contrib/auth'

const LONGEST_NAME = 150
const LONGEST_PASSWORD = 4096

export class RegistrationForm {
  readonly username: string
  readonly errors: { username: string[]; password: string[]; confirmation: string[] }
  readonly #password: string
  readonly #confirmation: string

  /** @param data what was sent; nothing yet on an empty form */
  constructor(data = new URLSearchParams()) {
    this.username = (data.get('username') ?? '').trim().normalize('NFKC')
    this.#password = data.get('password') ?? ''
    this.#confirmation = data.get('confirmation') ?? ''
    this.errors = { username: [], password: [], confirmation: [] }
  }

  get rules(): string[] {
    return passwordHelpTexts()
  }

  async isValid(): Promise<boolean> {
    await this.#checkUsername()
    await this.#checkPassword()
    return Object.values(this.errors).every((errors) => errors.length === 0)
  }

  save(): Promise<User> {
    return User.objects.createUser(this.username, null, this.#password)
  }

  async #checkUsername(): Promise<void> {
    const { username, errors } = this
    if (!/^[\p{L}\p{N}_.@+-]+$/u.test(username) || username.length > LONGEST_NAME) {
      errors.username.push(`Enter up to ${LONGEST_NAME} letters, digits and @/./+/-/_.`)
    } else if (await User.objects.exists({ username })) {
      errors.username.push('A user with that username already exists.')
    }
  }

  async #checkPassword(): Promise<void> {
    const { errors } = this
    if (this.#password !== this.#confirmation) errors.confirmation.push('The two passwords didn’t match.')
    if (this.#password.length > LONGEST_PASSWORD) {
      errors.password.push(`Enter at most ${LONGEST_PASSWORD} characters.`)
      return
    }
    try {
      await validatePassword(this.#password, { username: this.username })
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      errors.password.push(...error.messages)
    }
  }
}
