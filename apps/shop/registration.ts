/** The form on which one registers: what was entered, and what is wrong with it. */
import { DuplicateUserError, passwordHelpTexts, User, validatePassword, ValidationError } from '#core/contrib/auth'

const LONGEST_NAME = 150

export class RegistrationForm {
  readonly username: string
  readonly errors: { username: string[]; password: string[]; confirmation: string[] }
  readonly #password: string
  readonly #confirmation: string

  /** @param data what was sent; nothing yet on an empty form */
  constructor(data = new URLSearchParams()) {
    const username = (data.get('username') ?? '').trim()
    // Normalising can take long, so a string that is too long for a name stays as it is.
    this.username = username.length > LONGEST_NAME ? username : username.normalize('NFKC')
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

  /** The new user; null, with an error in the form, if another request has taken the name since it was checked. */
  async save(): Promise<User | null> {
    try {
      return await User.objects.createUser(this.username, null, this.#password)
    } catch (error) {
      if (!(error instanceof DuplicateUserError)) throw error
      this.errors.username.push(...error.messages)
      return null
    }
  }

  async #checkUsername(): Promise<void> {
    const { username, errors } = this
    if (username.length > LONGEST_NAME || !/^[\p{L}\p{N}_.@+-]+$/u.test(username)) {
      errors.username.push(`Enter up to ${LONGEST_NAME} letters, digits and @/./+/-/_.`)
    } else if (await User.objects.exists({ username })) {
      errors.username.push('A user with that username already exists.')
    }
  }

  async #checkPassword(): Promise<void> {
    const { errors } = this
    if (this.#password !== this.#confirmation) errors.confirmation.push('The two passwords didn’t match.')
    try {
      await validatePassword(this.#password, { username: this.username })
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      errors.password.push(...error.messages)
    }
  }
}
