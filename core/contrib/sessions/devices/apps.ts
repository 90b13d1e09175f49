/** "Your devices": who is logged in where, and how to end it. Installed beside the sessions app, it keeps an index. */
import { AppConfig } from '#core/apps'

export class DevicesConfig extends AppConfig {
  override label = 'session_devices'
  override verboseName = 'Devices'
}
