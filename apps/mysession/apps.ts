/** The sample app: a visit counter that lives in the session. */
import { AppConfig } from '#core/apps'

export class MySessionConfig extends AppConfig {
  override verboseName = 'Sessions sample'
}
