"""cppcheck, warnings and portability, with its own cache in the build folder."""

import os
import subprocess

NAME = "cppcheck"
RULE = "cppcheck has no complaint"

OPTIONS = ["--enable=warning,performance,portability", "--std=c11", "--platform=unix64",
           "--language=c", "--inline-suppr", "--quiet", "--error-exitcode=1", "--suppress=missingIncludeSystem",
           "--suppress=checkersReport", "--suppress=normalCheckLevelMaxBranches",
           "--suppress=preprocessorErrorDirective",
           "--suppress=CastIntegerToAddressAtReturn",  # the compilers know the types better
           "--suppress=ctuuninitvar",  # takes every out parameter for an uninitialised input
           # it does not read the headers of libraries
           "-Djson_object_foreach(object,key,value)=for(;(key)&&(value);)",
           "-Djson_array_foreach(array,index,value)=for((index)=0;(value);(index)++)",
           "--template={file}:{line}: {severity} {id}: {message}"]


def find(tree):
    sources = tree.ending(".c")
    if not sources:
        return []
    cache = os.path.join(tree.build, "lint-cppcheck")
    os.makedirs(cache, exist_ok=True)
    done = subprocess.run(["cppcheck", *OPTIONS, f"--cppcheck-build-dir={cache}",
                           f"-j{os.cpu_count() or 1}", "-I", ".", "-D_GNU_SOURCE", *sources],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stderr.strip() or done.stdout.strip()).splitlines()
