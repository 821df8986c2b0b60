"""How it runs in a reader's browser: no sockets, no threads, no child processes.

The notebook's kernel and the sandbox are two Pyodide interpreters, each in a web worker. The
kernel asks by synchronous requests to the site's own origin; the service worker passes them,
and those of the pages in frames, on to the sandbox's worker.

======================  ============  ==================================================
``kernel.mjs``          kernel        starts the sandbox's worker beside the kernel
``in_this_browser.py``  kernel        what a notebook has in place of ``on_this_machine``
``service_worker.js``   the site      passes requests on, and keeps files for the next visit
``worker.mjs``          sandbox       loads Python, hands requests over
``worker.py``           sandbox       the two services, and the tools and the app of the reader
``exchange.py``         both          what passes between them, and httpx's part in it
======================  ============  ==================================================
"""
