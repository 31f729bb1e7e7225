"""Unpacks chosen members of a wheel: unpack.py WHEEL FOLDER PREFIX..."""
import os
import shutil
import sys
import zipfile

wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if member.is_dir() or not member.filename.startswith(tuple(prefixes)):
            continue
        target = os.path.join(folder, member.filename)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(member) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        if member.external_attr >> 16 & 0o111 or '/bin/' in member.filename:
            os.chmod(target, 0o755)
