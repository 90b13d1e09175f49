/** What a pattern of a path can do, however it was written: match the start of a path, and be written out again. */
import type { Template } from './template.ts'

/** What a pattern took from the start of a path. */
export interface MatchedStart {
  /** The path behind it. */
  readonly rest: string
  /** Groups without a name; empty where there are named ones. */
  readonly args: readonly (string | undefined)[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

export interface PathPattern {
  /** As it was written. */
  readonly text: string
  /** As Django has it in its messages: Python's regular expression, without a `^` in front. */
  readonly regexText: string
  /** The ways to write a URL that it matches, the first one first. */
  readonly templates: readonly Template[]
  /** Segments with which every path that it matches begins; what the resolver's index goes by. */
  readonly literalSegments: readonly string[]
  /** Whether it matches one text alone. */
  readonly isLiteral: boolean
  /** Matches the start of a path, which comes without its first slash. */
  match(path: string): MatchedStart | undefined
}
