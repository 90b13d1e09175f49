"""The measured views."""
from django.http import HttpResponse
from django.urls import path


def hello(request):
    return HttpResponse('Hello, world')


def read(request):
    return HttpResponse(str(request.session.get('visits', 0)))


def counter(request):
    request.session['visits'] = request.session.get('visits', 0) + 1
    return HttpResponse(str(request.session['visits']))


urlpatterns = [path('hello', hello), path('read', read), path('counter', counter)]
