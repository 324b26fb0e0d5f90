"""Imports what nobody has."""

import not_installed_anywhere


def handler(context, event):
    return not_installed_anywhere
