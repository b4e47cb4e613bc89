"""The calculator: public, and computed in the browser alone."""

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboards.calculator import calculator_page


@require_safe
@csp_replace({"connect-src": [NONE], "form-action": [NONE]})
def calculator(request: HttpRequest) -> HttpResponse:
    """Show the calculator; its page can neither connect anywhere nor send a form."""
    return render(request, "calculator/calculator.html", calculator_page())
