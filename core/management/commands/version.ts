/** version: prints the version of Nuages. */
import { BaseCommand, nuagesVersion } from '../base.ts'

export default class VersionCommand extends BaseCommand {
  readonly help = 'Prints the version of Nuages.'
  override readonly requiresSetup = false

  handle(): void {
    this.stdout.write(nuagesVersion())
  }
}
