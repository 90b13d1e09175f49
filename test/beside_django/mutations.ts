/** Changes that an attacker or a broken connection makes to a valid string. */
import type { Generator } from './generated.ts'

/** Characters of such strings, and of cookies. */
const CHARACTERS = Array.from('abcXYZ019-_.:=$')

/** Other strings, made from a valid one: cut, changed at a position, in another case, doubled, recombined. */
export function mutationsOf(text: string, random: Generator, count: number): string[] {
  const made = new Set<string>()
  const at = (): number => random.below(text.length)
  const changes: (() => string)[] = [
    () => text.slice(0, at()),
    () => text.slice(at()),
    () => {
      const i = at()
      return text.slice(0, i) + random.pick(CHARACTERS) + text.slice(i + 1)
    },
    () => {
      const i = at()
      return text.slice(0, i) + random.pick(CHARACTERS) + text.slice(i)
    },
    () => {
      const i = at()
      return text.slice(0, i) + text.slice(i + 1)
    },
    () => {
      const i = at()
      const character = text[i] as string
      const other = character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()
      return text.slice(0, i) + other + text.slice(i + 1)
    },
    () => text.split(':').toReversed().join(':'),
    () => `${text}=`,
    () => `${text}:`,
    () => `.${text}`,
    () => text + text,
  ]
  // Some changes of a short string are always the same.
  for (let i = 0; made.size < count && i < count * 10; i++) {
    const mutated = random.pick(changes)()
    if (mutated !== text) made.add(mutated)
  }
  return [...made]
}
