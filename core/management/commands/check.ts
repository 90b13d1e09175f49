/** check: runs the system checks. */
import { apps, LookupError } from '#core/apps'
import { type CheckLevel, checks, LEVELS } from '#core/checks'
import { settings } from '#core/conf'
import { didYouMean, joinWithAnd } from '#core/utils'
import { appended, type ArgumentParser, BaseCommand, CommandError } from '../base.ts'
import { loadChecks, runSystemChecks } from '../run_checks.ts'

interface Options {
  readonly appLabel: readonly string[]
  readonly deploy?: boolean
  readonly tag: readonly string[]
  readonly listTags?: boolean
  readonly failLevel: CheckLevel
  readonly database: readonly string[]
}

export default class CheckCommand extends BaseCommand<Options> {
  readonly help = 'Checks the whole project for problems.'
  override readonly requiresSystemChecks = false

  override addArguments(parser: ArgumentParser): void {
    parser.argument('[app_label...]', 'Labels of the apps to check; all where none is given.')
    parser.option('-t, --tag <tag>', 'Run only checks with this tag. May be given several times.', appended, [])
    parser.option('--list-tags', 'List the tags.')
    parser.option('--deploy', 'Check the settings for deployment too.')
    const levels = Object.keys(LEVELS).toReversed()
    const failLevel = parser
      .createOption('--fail-level <level>', 'The least level that makes the command fail.')
      .choices(levels)
      .default('ERROR')
    parser.addOption(failLevel)
    parser.option(
      '--database <alias>',
      'Run the checks of this database too. May be given several times.',
      appended,
      [],
    )
  }

  async handle({ appLabel, deploy = false, tag, listTags, failLevel, database }: Options): Promise<void> {
    await loadChecks()
    if (listTags) {
      this.stdout.write(checks.tags({ deploy }).join('\n'))
      return
    }
    for (const label of appLabel) mustBeInstalled(label)
    mustBeTags(tag)
    mustBeDatabases(database)
    await runSystemChecks(this, {
      tags: tag.length > 0 ? tag : undefined,
      databases: database.length > 0 ? database : undefined,
      deploy,
      failLevel,
      countIssues: true,
    })
  }
}

function mustBeInstalled(label: string): void {
  try {
    apps.getAppConfig(label)
  } catch (error) {
    if (!(error instanceof LookupError)) throw error
    throw new CommandError(error.message, { cause: error })
  }
}

function mustBeTags(tags: readonly string[]): void {
  const known = checks.tags({ deploy: true })
  const unknown = tags.find((tag) => !known.includes(tag))
  if (unknown === undefined) return
  throw new CommandError(
    `There is no system check with the "${unknown}" tag.${didYouMean(unknown, known)} Tags: ${joinWithAnd(known)}.`,
  )
}

function mustBeDatabases(aliases: readonly string[]): void {
  const known = Object.keys(settings.DATABASES)
  const unknown = aliases.find((alias) => !known.includes(alias))
  if (unknown === undefined) return
  throw new CommandError(`The connection '${unknown}' doesn't exist. DATABASES has ${joinWithAnd(known)}.`)
}
