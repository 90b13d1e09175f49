/** Management command that prints the paths of a static file, including files that it overrides. */
import { realpathSync } from 'node:fs'
import { type ArgumentParser, BaseCommand, type CommonOptions } from '#core/management'
import { findAll, getFinders } from '../../finders.ts'

interface Options {
  readonly staticfile: readonly string[]
  readonly first?: boolean
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Finds the absolute paths for the given static file(s).'

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('<staticfile...>', 'Names of static files: css/site.css')
      .option('--first', 'Only the first file of each name, the one that is served.')
  }

  handle({ staticfile, first = false, verbosity }: Options & CommonOptions): void {
    for (const name of staticfile) {
      const found = findAll(name).slice(0, first ? 1 : undefined)
      const paths = found.map((file) => realpathSync(file))
      if (paths.length === 0) this.#missing(name, verbosity)
      else if (verbosity === 0) this.stdout.write(paths.join('\n'))
      else this.stdout.write(`Found '${name}' here:\n  ${paths.join('\n  ')}${this.#searched(verbosity)}`)
    }
  }

  #missing(name: string, verbosity: number): void {
    if (verbosity > 0) this.stderr.write(`No matching file found for '${name}'.${this.#searched(verbosity)}`)
  }

  #searched(verbosity: number): string {
    if (verbosity < 2) return ''
    const folders = getFinders().flatMap(({ locations }) => locations)
    return `\nLooking in the following locations:\n  ${folders.join('\n  ')}`
  }
}
