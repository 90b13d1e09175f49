/** The limit for in-process storage: a Map. */
import { limitWith, type TextsIn } from './limit.ts'

export const textsIn: TextsIn = () => {
  const texts = new Map<string, string>()
  const keep = (key: string, text: string) => texts.set(key, text)
  return { load: (key) => texts.get(key), create: keep, save: keep }
}

export default limitWith(textsIn)
