/** Shared parts of the technical pages: the DEBUG check, the layout and the styles. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { type HttpRequest, HttpResponse } from '#core/http'
import { escapeHtml, html, markSafe, type SafeString } from '#core/template'
import { knownSecrets, redact } from './mask.ts'

const STYLE = `
:root { color-scheme: light; --ink: #1b2430; --soft: #5b6777; --line: #dde3ea; --paper: #fff; --ground: #f4f6f9;
  --head: #14323f; --mark: #fff3c4; --red: #b3261e; --code: "SFMono-Regular", Consolas, "Liberation Mono", monospace }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif }
header { background: var(--head); color: #fff; padding: 28px 40px 24px }
header h1 { margin: 0; font-size: 26px; font-weight: 600 }
header h1 small { font-weight: 400; opacity: .75; font-size: 17px }
header .message { margin: 10px 0 0; font: 15px/1.5 var(--code); white-space: pre-wrap; overflow-wrap: anywhere }
header table { margin-top: 18px; font-size: 14px }
header th { opacity: .7; font-weight: 400; text-align: left; padding: 2px 18px 2px 0; white-space: nowrap; vertical-align: top }
header td { overflow-wrap: anywhere; padding: 2px 0 }
main { padding: 8px 40px 32px }
h2 { font-size: 19px; margin: 28px 0 10px }
h3 { font-size: 15px; margin: 18px 0 6px; color: var(--soft) }
section.card, details.frame, ol.tried { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; overflow: hidden }
section.card { padding: 4px 18px 14px; margin-top: 12px }
.cause { color: var(--red); overflow-wrap: anywhere; white-space: pre-wrap }
details.frame { margin: 6px 0 }
summary { cursor: pointer; padding: 8px 14px; font: 13px/1.5 var(--code); overflow-wrap: anywhere }
summary b { font-weight: 600 } summary span { color: var(--soft) }
details.folded > summary { color: var(--soft); font-family: inherit }
details.folded > div { padding: 0 10px 8px }
table.source { border-collapse: collapse; width: 100%; font: 13px/1.6 var(--code); border-top: 1px solid var(--line) }
table.source td { padding: 0 14px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4 }
table.source td:first-child { width: 60px; min-width: 60px; text-align: right; color: #94a0ae; user-select: none; vertical-align: top }
table.source tr.current { background: var(--mark) } table.source tr.current td:first-child { color: var(--ink) }
table.rows { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 13px }
table.rows th { width: 28%; text-align: left; font-weight: 500; overflow-wrap: anywhere }
table.rows td { font-family: var(--code); white-space: pre-wrap; overflow-wrap: anywhere }
table.rows th, table.rows td { padding: 5px 8px 5px 0; border-top: 1px solid var(--line); vertical-align: top }
p.empty { color: var(--soft); margin: 6px 0 }
ol.tried { margin: 10px 0; padding: 8px 8px 8px 44px; font: 14px/1.8 var(--code) }
code { font-family: var(--code) }
footer { padding: 18px 40px 40px; color: var(--soft); border-top: 1px solid var(--line) }
`

/** @throws ImproperlyConfigured outside DEBUG, because these pages show internals */
export function assertDebug(): void {
  if (settings.DEBUG) return
  throw new ImproperlyConfigured('A technical page was asked for, but DEBUG is false. Use defaultErrorPage().')
}

export interface PageParts {
  readonly title: string
  readonly head: SafeString
  readonly body: SafeString
  /** Describes what the site shows without DEBUG. */
  readonly otherwise: string
}

/** Renders a self-contained page that loads no external resources. */
export function pageResponse(
  request: HttpRequest,
  status: number,
  { title, head, body, otherwise }: PageParts,
): HttpResponse {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="NONE,NOARCHIVE">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${markSafe(STYLE)}</style>
</head>
<body>
<header>${head}</header>
<main>${body}</main>
<footer>You’re seeing this because you have <code>DEBUG: true</code> in your settings file.
Change that to <code>false</code>, and the site will show ${otherwise}.</footer>
</body>
</html>
`
  return new HttpResponse(redact(page.toString(), knownSecrets(request), escapeHtml), { status })
}

/** The response in plain text, for clients that do not accept HTML. */
export function textResponse(request: HttpRequest, status: number, text: string): HttpResponse {
  const page = redact(text, knownSecrets(request), (secret) => secret)
  return new HttpResponse(page, { status, contentType: 'text/plain; charset=utf-8' })
}

/** Whether the client accepts HTML. A client without an Accept header accepts anything. */
export const acceptsHtml = (request: HttpRequest): boolean => request.accepts('text/html') !== false
