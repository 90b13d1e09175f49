/** A site where every URL with a trailing slash is a page. */
import { HttpResponse } from '#core/http'
import { rePath } from '#core/urls'

export const urlpatterns = [rePath(/^.*\/$/, () => new HttpResponse('anything'))]
