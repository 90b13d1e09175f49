/** The version of Nuages, read from its own package.json. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** In the source and in the built package, package.json is next to the directory `core`. */
const PACKAGE = path.join(import.meta.dirname, '..', '..', 'package.json')

export function nuagesVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
}
