/** A decorator for views that change something: they take POST alone, as Django's `require_POST`. */
import { type HttpRequest, type HttpResponseBase, HttpResponseNotAllowed } from '#core/http'

type Action = (request: HttpRequest) => HttpResponseBase | Promise<HttpResponseBase>

export const requirePost =
  (view: Action): Action =>
  (request) =>
    request.method === 'POST' ? view(request) : new HttpResponseNotAllowed(['POST'])
