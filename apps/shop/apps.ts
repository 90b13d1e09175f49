/** The sample of a site with users: register, log in, fill a cart, see where one is logged in. */
import { AppConfig } from '#core/apps'

export class ShopConfig extends AppConfig {
  override verboseName = 'Shop sample'
}
