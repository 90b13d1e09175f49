/** The sessions app: its table django_session, its checks, its command clearsessions. */
import { AppConfig } from '#core/apps'

export class SessionsConfig extends AppConfig {
  override verboseName = 'Sessions'
  override readonly models = ['Session']

  override async ready(): Promise<void> {
    await Promise.all([import('./checks.ts'), import('./file_checks.ts')])
  }
}
