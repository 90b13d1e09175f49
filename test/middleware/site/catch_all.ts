/** A site where every address with a slash at its end is a page. */
import { HttpResponse } from '#core/http'
import { rePath } from '#core/urls'

export const urlpatterns = [rePath(/^.*\/$/, () => new HttpResponse('anything'))]
