/** The parts of the documentation that its tests read: pages, code blocks, links, anchors. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const REPOSITORY = path.join(import.meta.dirname, '..', '..')

export interface Page {
  /** Relative to the root of the repository: `docs/tutorial.md`. */
  readonly file: string
  readonly text: string
}

export interface Block {
  /** The first word after the fence: `ts`, `console`. */
  readonly language: string
  /** The second word, if there is one: the path of the file in the block. */
  readonly file: string | undefined
  readonly text: string
}

export function page(file: string): Page {
  return { file, text: readFileSync(path.join(REPOSITORY, file), 'utf8') }
}

/** README, CHANGELOG and everything in docs/. */
export function allPages(): Page[] {
  const docs = readdirSync(path.join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' })
  const files = [
    'README.md',
    'CHANGELOG.md',
    ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
  ]
  return files.map(page)
}

const FENCED = /^```(\S*)(?: (\S+))?\n([\s\S]*?)^```$/gm

export function blocks({ text }: Page): Block[] {
  return [...text.matchAll(FENCED)].map(([, language = '', file, content = '']) => ({ language, file, text: content }))
}

/** The page without its code blocks. */
export const prose = ({ text }: Page): string => text.replace(FENCED, '')

/** Targets of links and pictures, without those on other sites. */
export function links(of: Page): string[] {
  return [...prose(of).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((found) => found[1] as string)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of a page's headings, as GitHub generates them. */
export function anchors(of: Page): Set<string> {
  const headings = [...prose(of).matchAll(/^#+ (.+)$/gm)].map((found) => found[1] as string)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
