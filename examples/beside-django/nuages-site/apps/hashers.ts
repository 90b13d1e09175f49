/** The hasher of passwords: the same as that of django-site, whatever the Django release. */
import { PBKDF2PasswordHasher } from '#core/contrib/auth'

export class SharedPasswordHasher extends PBKDF2PasswordHasher {
  override readonly iterations = 600_000
}
