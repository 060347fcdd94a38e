"""Home: three numbers that matter to me now, then the list behind them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from fenzhen.web.page import PageRequest, page


@page()
def home(request: PageRequest) -> HttpResponse:
    """My numbers and my list."""
    return render(request, "home.html", {})


routes = [path("", home, name="home")]
