/** URL templates: the ways to write a URL for a pattern, with the places where values go. */
import type { Converter } from './converters.ts'

/** A place for a value. Without a name it is filled by position. */
export interface TemplateSlot {
  readonly name: string | undefined
  readonly converter?: Converter | undefined
}

/** Literal texts and places, in order. */
export type Template = readonly (string | TemplateSlot)[]

/** Every way to put one alternative of each item after the other. */
export function combine(items: readonly (readonly Template[])[]): Template[] {
  return items.reduce<Template[]>(
    (before, alternatives) => before.flatMap((start) => alternatives.map((end) => [...start, ...end])),
    [[]],
  )
}

/** The names of a template's places in order; those without a name are called `_0`, `_1`, … */
export function slotNames(template: Template): string[] {
  let unnamed = 0
  return template.filter((part) => typeof part !== 'string').map(({ name }) => name ?? `_${unnamed++}`)
}
