/** All fuzz domains. */
import type { AnyDomain } from './domain.ts'
import { authDomains } from './domains/auth.ts'
import { cacheDomains } from './domains/cache.ts'
import { cookieDomains } from './domains/cookies.ts'
import { formDomains } from './domains/forms.ts'
import { headerDomains } from './domains/headers.ts'
import { httpDomains } from './domains/http.ts'
import { mailDomains } from './domains/mail.ts'
import { routeDomains } from './domains/routes.ts'
import { serializerDomains } from './domains/serializers.ts'
import { settingsDomains } from './domains/settings.ts'
import { signingDomains } from './domains/signing.ts'
import { templateDomains } from './domains/templates.ts'
import { urlDomains } from './domains/urls.ts'

export const DOMAINS: readonly AnyDomain[] = [
  ...httpDomains,
  ...cookieDomains,
  ...signingDomains,
  ...serializerDomains,
  ...formDomains,
  ...headerDomains,
  ...urlDomains,
  ...templateDomains,
  ...settingsDomains,
  ...authDomains,
  ...mailDomains,
  ...routeDomains,
  ...cacheDomains,
]
