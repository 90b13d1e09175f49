/** The watcher: which changes count, and that none is missed. */
import { expect } from 'chai'
import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isCode, watchCode, type Watcher } from '../../../core/management/runserver/watcher.ts'
import { TestProject } from '../processes.ts'

describe('the watcher', () => {
  let project: TestProject
  let watcher: Watcher
  let changes: string[][]
  let wake: () => void = () => {}

  beforeEach(async () => {
    project = new TestProject({
      'apps/a.ts': '1',
      'apps/b.ts': '1',
      'templates/a.html': '1',
      'node_modules/x/a.js': '',
    })
    changes = []
    watcher = await watchCode([project.root], (files) => {
      changes.push(files.map((file) => path.relative(project.root, file)))
      wake()
    })
  })
  afterEach(async () => {
    await watcher.close()
    project.remove()
  })

  async function nextChange(): Promise<string[]> {
    if (changes.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return changes.shift() as string[]
  }

  it('watches code and package.json, but no template, data or test', () => {
    for (const file of ['a.ts', 'b/c.mts', 'a.js', 'package.json']) expect(isCode(file), file).to.equal(true)
    for (const file of ['a.html', 'a.json', 'db.sqlite3', 'a.d.ts', 'a.test.ts'])
      expect(isCode(file), file).to.equal(false)
  })

  it('reports several concurrent saves as one change', async () => {
    project.write('apps/a.ts', '2')
    project.write('apps/b.ts', '2')
    expect((await nextChange()).toSorted()).to.deep.equal(['apps/a.ts', 'apps/b.ts'])
  })

  it('detects new files and directories', async () => {
    project.write('apps/new/deep.ts', '1')
    expect(await nextChange()).to.deep.equal(['apps/new/deep.ts'])
  })

  it('detects repeated replacements of a file by another one, as editors do', async () => {
    for (const text of ['2', '3', '4']) {
      const temporary = path.join(project.root, 'apps', '.a.ts.swp')
      writeFileSync(temporary, text)
      renameSync(temporary, path.join(project.root, 'apps', 'a.ts'))
      expect(await nextChange()).to.deep.equal(['apps/a.ts'])
    }
  })

  it('ignores packages, data and templates', async () => {
    project.write('node_modules/x/a.js', '2')
    project.write('templates/a.html', '2')
    project.write('data.json', '{}')
    project.write('.hidden/a.ts', '2')
    project.write('apps/a.ts', '2')
    expect(await nextChange()).to.deep.equal(['apps/a.ts'])
  })
})
