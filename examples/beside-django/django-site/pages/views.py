"""The home page: who is logged in, how often a page was looked at, and the cart. nuages-site has the same in TypeScript."""
import django
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

GOODS = ['tea', 'coffee', 'cake']


def home(request):
    visits = request.session['visits'] = request.session.get('visits', 0) + 1
    return render(request, 'page.html', {
        'title': 'Home',
        'side': 'Django %s' % django.get_version(),
        'visits': visits,
        'goods': GOODS,
        'cart': request.session.get('cart', []),
        'add': '/cart/add/',
    })


@require_POST
def add_to_cart(request):
    name = request.POST.get('name')
    if name not in GOODS:
        raise Http404('There is no such thing in this shop.')
    cart = request.session.get('cart', [])
    for item in cart:
        if item['name'] == name:
            item['count'] += 1
            break
    else:
        cart.append({'name': name, 'count': 1})
    # Assigned, because Django does not see a change inside the list.
    request.session['cart'] = cart
    messages.success(request, 'Django put %s into your cart.' % name)
    return redirect('home')
