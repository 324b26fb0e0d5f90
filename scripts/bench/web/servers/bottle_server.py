"""The contestant: bottle on cheroot, with the ten threads Kubeless gives it. Argument: port."""

import sys

from bottle import Bottle, request

app = Bottle()


@app.post("/")
def greet():
    return {"hello": request.json["name"]}


app.run(server="cheroot", host="127.0.0.1", port=int(sys.argv[1]), numthreads=10, quiet=True)
