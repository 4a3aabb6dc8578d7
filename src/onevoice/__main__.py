"""`python -m onevoice` is the command line."""

from onevoice.cli import main

main()
