/** The files of a new app, as `startapp` writes them. */

const pascalCase = (name: string): string =>
  name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** Texts by path inside the app's folder. */
export function appFiles(name: string): Readonly<Record<string, string>> {
  return {
    'apps.ts': `/** The app ${name}. */
import { AppConfig } from '#core/apps'

export class ${pascalCase(name)}Config extends AppConfig {}
`,
    'views.ts': `/** The views of ${name}. */
import { type HttpRequest, HttpResponse } from '#core/http'

export function index(_request: HttpRequest): HttpResponse {
  return new HttpResponse('Hello from ${name}.')
}
`,
    'urls.ts': `/** The addresses of ${name}. In the project's urls: path('${name}/', include('apps.${name}.urls')) */
import { path } from '#core/urls'
import { index } from './views.ts'

export const appName = '${name}'

export const urlpatterns = [path('', index, { name: 'index' })]
`,
    'migrations/.gitkeep': '',
    [`tests/${name}.test.ts`]: `/** What ${name} promises. */
import { expect } from 'chai'
import type { HttpRequest } from '#core/http'
import { index } from '../views.ts'

describe('${name}', () => {
  it('answers at its first page', () => {
    expect(index({} as HttpRequest).status).to.equal(200)
  })
})
`,
  }
}
