/** The tags that templates use without `{% load %}`. */
import type { TagCompiler } from './library.ts'
import { flowTags } from './tags/flow.ts'
import { inheritanceTags } from './tags/inheritance.ts'
import { scopeTags } from './tags/scope.ts'
import { valueTags } from './tags/values.ts'

export const compilers: Readonly<Record<string, TagCompiler>> = {
  ...flowTags,
  ...inheritanceTags,
  ...scopeTags,
  ...valueTags,
}
