/** Judges whether a request that changes something was made by a page of ours, and answers the others with 403. */
import type { IncomingMessage } from 'node:http'
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { markAsLogged, pathForLog } from '#core/handlers'
import { type HttpRequest, type HttpResponseBase, isReadBeforeView, type View } from '#core/http'
import { getLogger, importName } from '#core/utils'
import { problemWithOrigin } from './csrf_origin.ts'
import { csrfStateOf, loadSessionForCsrf, sentSecret } from './csrf_state.ts'
import { formatProblem, tokenMatches } from './csrf_tokens.ts'
import { hintAtProxy } from './proxy_hint.ts'

export type CsrfFailureView = View<{ reason: string }>

const log = getLogger('django.security.csrf')

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const FIELD = 'csrfmiddlewaretoken'

const loadedFailureView = loadedFromSettings(
  ['CSRF_FAILURE_VIEW'],
  async (): Promise<{ readonly view: unknown } | { readonly error: unknown }> => {
    try {
      return {
        view: await importName(settings.CSRF_FAILURE_VIEW, { setting: 'CSRF_FAILURE_VIEW', root: projectRoot() }),
      }
    } catch (error) {
      // A project that does not use it need not have it, and one that does is told by a check before.
      return { error }
    }
  },
)

/** Whether something can be called as a failure view: with the request, and an object that has the reason. */
export const isFailureView = (view: unknown): view is CsrfFailureView =>
  typeof view === 'function' && view.length <= 2 && !/^class\b/.test(Function.prototype.toString.call(view))

/** What CSRF_FAILURE_VIEW names, or the error of its import. */
export const findFailureView = loadedFailureView

/** @throws ImproperlyConfigured where CSRF_FAILURE_VIEW names no such view */
export function failureView(): CsrfFailureView {
  const found = loadedFailureView()
  if ('error' in found) throw found.error
  if (isFailureView(found.view)) return found.view
  throw new ImproperlyConfigured(
    `CSRF_FAILURE_VIEW names '${settings.CSRF_FAILURE_VIEW}', which is no view: a function of (request, { reason }).`,
  )
}

const unchecked = new WeakSet<IncomingMessage>()

/** Has a request accepted without a token. For test clients, before they hand it to the application. */
export function skipCsrfCheck(req: IncomingMessage): void {
  unchecked.add(req)
}

/** CSRF_HEADER_NAME, which has META's spelling, as a header's name: `X-Csrftoken`. */
function headerName(): string {
  const words = settings.CSRF_HEADER_NAME.replace(/^HTTP_/, '').split(/[_-]/)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('-')
}

/** The form's field; empty where there is none. A body that is no form stays unread, for the view to take as it comes. */
async function sentField(request: HttpRequest): Promise<string> {
  if (request.method !== 'POST' || !isReadBeforeView(request)) return ''
  await request.read()
  return request.POST.get(FIELD) ?? ''
}

async function problemWithToken(request: HttpRequest): Promise<string | undefined> {
  await loadSessionForCsrf(request)
  const { secret, problem } = sentSecret(request)
  if (problem !== undefined) return `CSRF cookie ${problem}.`
  if (secret === undefined) return 'CSRF cookie not set.'
  const field = await sentField(request)
  const token = field === '' ? request.get(headerName()) : field
  if (token === '') return 'CSRF token missing.'
  const source = field === '' ? `the '${headerName()}' HTTP header` : 'POST'
  const wrong = formatProblem(token) ?? (tokenMatches(token, secret) ? undefined : 'incorrect')
  return wrong === undefined ? undefined : `CSRF token from ${source} ${wrong}.`
}

/** Why a request is refused, in Django's words; undefined where it is accepted. */
export async function csrfProblem(request: HttpRequest): Promise<string | undefined> {
  const state = csrfStateOf(request)
  if (state.isChecked) return undefined
  const needsNone = SAFE_METHODS.has(request.method) || unchecked.has(request.req)
  const problem = needsNone ? undefined : (problemWithOrigin(request) ?? (await problemWithToken(request)))
  state.isChecked = problem === undefined
  return problem
}

/** The answer to a request that is refused. */
export async function refuse(request: HttpRequest, reason: string, view: CsrfFailureView): Promise<HttpResponseBase> {
  if (reason.startsWith('Origin')) hintAtProxy(request, `A form of this site was refused: ${reason}`)
  const answer = await view(request, { reason })
  log.warning(`Forbidden (${reason}): ${pathForLog(request)}`)
  markAsLogged(request)
  return answer
}
