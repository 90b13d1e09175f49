/** Reads a file of vectors: values from Django. VECTORS may name another directory with files of the same format. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface Vector<Input, Expected> {
  readonly name: string
  readonly input: Input
  readonly expected: Expected
  readonly note: string
}

const folder = process.env.VECTORS ?? import.meta.dirname

export function loadVectors<Input = Record<string, unknown>, Expected = Record<string, unknown>>(
  file: string,
): readonly Vector<Input, Expected>[] {
  const text = readFileSync(path.join(folder, `${file}.json`), 'utf8')
  return (JSON.parse(text) as { vectors: Vector<Input, Expected>[] }).vectors
}
