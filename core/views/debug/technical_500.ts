/** The technical 500 page under DEBUG: the error, its stack and the request. */
import { settingsModule } from '#core/conf'
import type { HttpRequest, HttpResponse } from '#core/http'
import { html, type SafeString, templatePosition } from '#core/template'
import { ifReadable } from '#core/utils'
import { causeChain, type Frame, framesOf, linesAround, type SourceLine, sourceOf } from './frames.ts'
import { maskSource } from './mask.ts'
import { acceptsHtml, assertDebug, pageResponse, textResponse } from './page.ts'
import { type Section, sections, shownUrl } from './request_info.ts'

/** The name of the error, or of its class if the name is the generic `Error`. */
function typeOf(error: Error): string {
  const ofClass = ifReadable(() => error.constructor?.name) ?? 'Error'
  return error.name !== 'Error' || ofClass === 'Error' ? error.name : ofClass
}

const place = ({ shownFile, line, function: name }: Frame): string =>
  `${shownFile}, line ${line}${name && `, in ${name}`}`

/** The most relevant frame: the innermost of the project, or else the innermost. */
function mainFrame(frames: readonly Frame[]): Frame | undefined {
  return frames.find(({ owner }) => owner === 'project') ?? frames[0]
}

/** The rows in the header of the HTML and plain text pages. */
function summary(request: HttpRequest, error: Error): [name: string, value: string][] {
  const rows: [string, string][] = [
    ['Request Method', request.method],
    ['Request URL', shownUrl(request)],
    ['Exception Type', typeOf(error)],
  ]
  const frame = mainFrame(framesOf(error))
  if (frame !== undefined) rows.push(['Exception Location', place(frame)])
  const position = templatePosition(error)
  if (position !== undefined) rows.push(['Template', `${position.file ?? position.template}, line ${position.line}`])
  const view = request.resolverMatch?.viewName
  if (view !== undefined) rows.push(['Raised during', view])
  rows.push(['Settings', settingsModule()], ['Node Version', process.version])
  return rows
}

const source = (lines: readonly SourceLine[]): SafeString | '' =>
  lines.length === 0
    ? ''
    : html`<table class="source">${lines.map(
        ({ number, text, isCurrent }) =>
          html`<tr${isCurrent && html` class="current"`}><td>${number}</td><td>${maskSource(text)}</td></tr>`,
      )}</table>`

const frame = (each: Frame, isOpen: boolean): SafeString => html`<details class="frame"${isOpen && html` open`}>
<summary><b>${each.shownFile}</b>, line ${each.line}<span>${each.function && `, in ${each.function}`}</span></summary>
${source(sourceOf(each))}</details>
`

const OWNERS = { framework: 'Nuages', library: 'node_modules', node: 'Node' } as const

/** Frames of the project are expanded; consecutive frames of other owners are grouped and collapsed. */
function frames(all: readonly Frame[]): SafeString[] {
  const parts: SafeString[] = []
  for (let i = 0; i < all.length; ) {
    const { owner } = all[i] as Frame
    const end = all.findIndex((each, j) => j > i && each.owner !== owner)
    const group = all.slice(i, end < 0 ? undefined : end)
    i += group.length
    if (owner === 'project') parts.push(...group.map((each) => frame(each, true)))
    else {
      const count = `${group.length} frame${group.length === 1 ? '' : 's'} in ${OWNERS[owner]}`
      parts.push(html`<details class="frame folded"><summary>${count}</summary><div>${group.map((each) => frame(each, false))}</div></details>
`)
    }
  }
  return parts
}

function templateSource(error: Error): SafeString | '' {
  const position = templatePosition(error)
  if (position?.file === undefined) return ''
  return html`<h2>Error in a template</h2>
<details class="frame" open><summary><b>${position.template}</b>, line ${position.line}</summary>${source(
    linesAround(position.file, position.line),
  )}</details>`
}

const cause = (error: Error): SafeString => html`<h3>Caused by</h3>
<p class="cause"><b>${typeOf(error)}</b>: ${error.message}</p>
${frames(framesOf(error))}`

const section = ({ title, rows, whenEmpty }: Section): SafeString => html`<section class="card"><h3>${title}</h3>
${
  rows.length === 0
    ? html`<p class="empty">${whenEmpty}</p>`
    : html`<table class="rows">${rows.map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>\n`)}</table>`
}</section>
`

function htmlPage(request: HttpRequest, chain: readonly Error[]): HttpResponse {
  const [error, ...causes] = chain as [Error, ...Error[]]
  const path = request.path
  const head = html`<h1>${typeOf(error)} <small>at ${path}</small></h1>
<p class="message">${error.message || 'No message was given.'}</p>
<table>${summary(request, error).map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>\n`)}</table>`
  const stack = frames(framesOf(error))
  const body = html`${templateSource(error)}<h2>Stack</h2>
${stack.length === 0 ? html`<p class="empty">There is no stack.</p>` : stack}
${causes.map(cause)}
<h2>Request and settings</h2>
${sections(request).map(section)}`
  return pageResponse(request, 500, {
    title: `${typeOf(error)} at ${path}`,
    head,
    body,
    otherwise: 'a standard error page',
  })
}

function textPage(request: HttpRequest, chain: readonly Error[]): HttpResponse {
  const [error, ...causes] = chain as [Error, ...Error[]]
  const stack = (each: Error): string[] => framesOf(each).map((at) => `  ${place(at)}`)
  const lines = [
    `${typeOf(error)} at ${request.path}`,
    error.message || 'No message was given.',
    '',
    ...summary(request, error).map(([name, value]) => `${name}: ${value}`),
    '',
    'Stack, the innermost first:',
    ...stack(error),
    ...causes.flatMap((each) => ['', `Caused by ${typeOf(each)}: ${each.message}`, ...stack(each)]),
    '',
    ...sections(request).flatMap(({ title, rows, whenEmpty }) => [
      `${title}:`,
      ...(rows.length === 0 ? [`  ${whenEmpty}`] : rows.map(([name, value]) => `  ${name} = ${value}`)),
      '',
    ]),
    'You’re seeing this because you have DEBUG: true in your settings file.',
    'Change that to false, and the site will show a standard error page.',
    '',
  ]
  return textResponse(request, 500, lines.join('\n'))
}

/**
 * The technical 500 page, in HTML, or in plain text for a client that does not accept HTML.
 * @throws ImproperlyConfigured outside DEBUG
 */
export function technical500(request: HttpRequest, error: unknown): HttpResponse {
  assertDebug()
  const chain = causeChain(error ?? 'Nothing was thrown.')
  return acceptsHtml(request) ? htmlPage(request, chain) : textPage(request, chain)
}
