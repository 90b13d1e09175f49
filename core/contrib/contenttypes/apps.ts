/** The contenttypes app: its table django_content_type, filled after each `migrate`. */
import { AppConfig } from '#core/apps'
import { postMigrate } from '#core/db'
import { createContentTypes } from './models.ts'

export class ContentTypesConfig extends AppConfig {
  override verboseName = 'Content Types'
  override readonly models = [{ name: 'ContentType', verboseName: 'content type' }]

  override ready(): void {
    postMigrate.connect(createContentTypes)
  }
}
