"""Run a notebook from its beginning, in this Python, in an empty folder.

Usage: run_notebook.py NOTEBOOK FOLDER
"""

import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    assert not cell.get("outputs"), "the outputs of committed notebooks are stripped"
NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
