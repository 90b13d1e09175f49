/** What the tests of the documentation read in it: pages, code blocks, links, anchors. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const REPOSITORY = path.join(import.meta.dirname, '..', '..')

export interface Page {
  /** From the repository's root: `docs/tutorial.md`. */
  readonly file: string
  readonly text: string
}

export interface Block {
  /** The first word after the fence: `ts`, `console`. */
  readonly language: string
  /** The second, where there is one: the file that the block is. */
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

/** The text without its code blocks. */
export const prose = ({ text }: Page): string => text.replace(FENCED, '')

/** Targets of links and pictures, those on other sites left out. */
export function links(of: Page): string[] {
  return [...prose(of).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((found) => found[1] as string)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of a page's headings, as GitHub makes them. */
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
