/** Memory for pure functions: recent results are returned again. */
import { BoundedCache } from '../collections.ts'

/** Remembers results of up to a thousand strings of at most 2,000 characters. */
export function rememberStrings<Value extends {}>(compute: (text: string) => Value): (text: string) => Value {
  const recent = new BoundedCache<Value>()
  return (text) => {
    let value = recent.get(text)
    if (value === undefined) recent.add(text, (value = compute(text)))
    return value
  }
}

/** Numbers that are remembered: the requests of one moment ask for the same one or two. */
const MAX_NUMBERS = 4

/** Remembers results of the last few numbers. */
export function rememberNumbers<Value extends {}>(compute: (number: number) => Value): (number: number) => Value {
  const recent = new Map<number, Value>()
  return (number) => {
    let value = recent.get(number)
    if (value === undefined) {
      value = compute(number)
      if (recent.size >= MAX_NUMBERS) recent.clear()
      recent.set(number, value)
    }
    return value
  }
}
