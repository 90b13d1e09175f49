/** The messages app: notes to a visitor that the next page shows once. */
import { AppConfig } from '#core/apps'

export class MessagesConfig extends AppConfig {
  override verboseName = 'Messages'
}
