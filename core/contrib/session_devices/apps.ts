/** Lists and ends the sessions of a user ("your devices"). The app adds an index to the session store. */
import { AppConfig } from '#core/apps'
import type { SessionExtension, SessionMetadata, SessionStore } from '#core/contrib/sessions'
import type { HttpRequest } from '#core/http'
import { deviceDescription } from './devices.ts'
import { IndexedStore } from './indexed_store.ts'
import { SessionIndex } from './session_index.ts'

export class DevicesConfig extends AppConfig implements SessionExtension {
  override label = 'session_devices'
  override verboseName = 'Devices'

  decorateSessionStore(store: SessionStore): SessionStore {
    return new IndexedStore(store, new SessionIndex())
  }

  sessionMetadata(request: HttpRequest): SessionMetadata {
    return { device: deviceDescription()?.(request) ?? '' }
  }
}
