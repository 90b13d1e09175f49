/** Checks of Content-Security-Policy: directives that cannot be sent, and a nonce that no template can get. */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { canonicalName, formatValue } from '#core/utils'
import { CSP, cspValues } from '#core/web'

const NAMES = ['SECURE_CSP', 'SECURE_CSP_REPORT_ONLY'] as const
const PROCESSOR = 'core.template.context_processors.csp'

const isText = (value: unknown): boolean => typeof value === 'string' && !/[;,\n\r]/.test(value)

function canBeSent(value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return true
  const isList = Array.isArray(value) || value instanceof Set
  return isList ? [...(value as Iterable<unknown>)].every(isText) : isText(value)
}

/** security.E026. That each setting is an object is seen when the settings are loaded; here, what is in it. */
export function checkCspDirectives(): CheckMessage[] {
  return NAMES.flatMap((name) =>
    Object.entries(settings[name])
      .filter(([, value]) => !canBeSent(value))
      .map(([directive, value]) => {
        const found = value instanceof Set ? 'a Set with something else in it' : formatValue(value)
        const message = `The Content Security Policy setting '${name}' has for '${directive}' what cannot be sent: ${found}.`
        const hint =
          "Give a list of texts, one for each source: ['self' in its quotes, 'https://cdn.example.com']; or true, or null."
        return new Error(message, { id: 'security.E026', obj: `${name}['${directive}']`, hint })
      }),
  )
}

const hasNonce = (name: (typeof NAMES)[number]): boolean =>
  Object.values(settings[name]).some((value) => canBeSent(value) && cspValues(value).includes(CSP.NONCE))

function hasProcessor({ OPTIONS }: (typeof settings.TEMPLATES)[number]): boolean {
  const processors = OPTIONS?.context_processors
  return (
    Array.isArray(processors) &&
    processors.some((each) => typeof each === 'string' && canonicalName(each) === PROCESSOR)
  )
}

/** security.W027. */
export function checkCspNonce(): CheckMessage[] {
  const name = NAMES.find(hasNonce)
  if (name === undefined || settings.TEMPLATES.some(hasProcessor)) return []
  const message = `${name} uses CSP.NONCE, but no template engine has the context processor '${PROCESSOR}', so that templates cannot use csp_nonce.`
  const hint = `Put '${PROCESSOR}' into TEMPLATES[0].OPTIONS.context_processors.`
  return [new Warning(message, { id: 'security.W027', obj: 'TEMPLATES', hint })]
}
