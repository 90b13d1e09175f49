/** The messages app: one-time notifications that the next page shows to the user. */
import { AppConfig } from '#core/apps'

export class MessagesConfig extends AppConfig {
  override verboseName = 'Messages'
}
