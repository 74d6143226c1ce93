"""Makes a Python project look installed, without installing it: runs in its folder as a set-up.

Writes below .nightjar/python: metadata (so that importlib.metadata and entry points work), a program
for each script, and packages from a folder of wheels when PIP_FIND_LINKS names one. A version file
that a build backend would write from git is written beside the code. Says what is declared and not
installed; exits with 1 when the code itself needs it.
"""

import ast
import configparser
import itertools
import os
import re
import subprocess
import sys

TARGET = os.path.join(".nightjar", "python")
TEST_GROUPS = ("test", "tests", "testing", "dev", "develop", "development", "check")


def read_toml(path):
    for name in ("tomllib", "tomli", "pip._vendor.tomli"):
        try:
            module = __import__(name, fromlist=["load"])
        except ImportError:
            continue
        try:
            with open(path, "rb") as file:
                return module.load(file)
        except (OSError, ValueError):
            return {}
    return {}


def read_setup_cfg():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read("setup.cfg", encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return None
    return parser


def literal(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def read_setup_py():
    """The literal arguments of setup(), and names that are literals in the file. Nothing runs."""
    try:
        with open("setup.py", encoding="utf-8", errors="replace") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    names = {}
    out = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            if isinstance(node.targets[0], ast.Name):
                names[node.targets[0].id] = literal(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called != "setup":
            continue
        for keyword in node.keywords:
            value = literal(keyword.value)
            if value is None and isinstance(keyword.value, ast.Name):
                value = names.get(keyword.value.id)
            if keyword.arg and value is not None:
                out[keyword.arg] = value
    return out


def as_list(value):
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    if isinstance(value, (list, tuple)):
        return [item for item in value if isinstance(item, str)]
    return []


def as_dict(value):
    return value if isinstance(value, dict) else {}


class Project:
    def __init__(self):
        self.name = ""
        self.version = ""
        self.dependencies = []
        self.test_dependencies = []
        self.entry_points = {}  # group -> {name: value}
        self.version_files = []

    def take_pyproject(self, toml):
        project = as_dict(toml.get("project"))
        tool = as_dict(toml.get("tool"))
        self.name = self.name or str(project.get("name") or "")
        self.version = self.version or str(project.get("version") or "")
        self.dependencies += as_list(project.get("dependencies"))
        optional = as_dict(project.get("optional-dependencies"))
        for group, wanted in list(optional.items()) + self.groups(toml):
            if str(group).lower() in TEST_GROUPS:
                self.test_dependencies += as_list(wanted)
        self.add_points("console_scripts", project.get("scripts"))
        self.add_points("gui_scripts", project.get("gui-scripts"))
        for group, points in as_dict(project.get("entry-points")).items():
            self.add_points(group, points)
        self.take_poetry(as_dict(tool.get("poetry")))
        scm = as_dict(tool.get("setuptools_scm"))
        hook = as_dict(as_dict(as_dict(tool.get("hatch")).get("build")).get("hooks")).get("vcs")
        pdm = as_dict(as_dict(tool.get("pdm")).get("version"))
        for path in (scm.get("version_file"), scm.get("write_to"),
                     as_dict(hook).get("version-file"), pdm.get("write_to")):
            if isinstance(path, str):
                self.version_files.append(path)

    @staticmethod
    def groups(toml):
        return list(as_dict(toml.get("dependency-groups")).items())

    def take_poetry(self, poetry):
        self.name = self.name or str(poetry.get("name") or "")
        self.version = self.version or str(poetry.get("version") or "")
        for name, wanted in as_dict(poetry.get("dependencies")).items():
            optional = isinstance(wanted, dict) and wanted.get("optional")
            if name.lower() != "python" and not optional:
                self.dependencies.append(name)
        for group in as_dict(poetry.get("group")).values():
            self.test_dependencies += list(as_dict(as_dict(group).get("dependencies")))
        self.test_dependencies += list(as_dict(poetry.get("dev-dependencies")))
        self.add_points("console_scripts", {
            name: value for name, value in as_dict(poetry.get("scripts")).items()
            if isinstance(value, str)})
        for group, points in as_dict(poetry.get("plugins")).items():
            self.add_points(group, points)

    def take_setup_cfg(self, cfg):
        if cfg is None:
            return
        get = lambda section, key: cfg.get(section, key, fallback="")  # noqa: E731
        self.name = self.name or get("metadata", "name").strip()
        version = get("metadata", "version").strip()
        if version.startswith("attr:"):
            version = version_in(version[5:].strip().rsplit(".", 1)[0])
        elif version.startswith("file:"):
            version = first_line(version[5:].strip())
        self.version = self.version or version
        self.dependencies += as_list(get("options", "install_requires"))
        self.test_dependencies += as_list(get("options", "tests_require"))
        if cfg.has_section("options.extras_require"):
            for group in cfg.options("options.extras_require"):
                if group.lower() in TEST_GROUPS:
                    self.test_dependencies += as_list(get("options.extras_require", group))
        if cfg.has_section("options.entry_points"):
            for group in cfg.options("options.entry_points"):
                self.add_lines(group, get("options.entry_points", group))

    def take_setup_py(self, setup):
        self.name = self.name or str(setup.get("name") or "")
        self.version = self.version or str(setup.get("version") or "")
        self.dependencies += as_list(setup.get("install_requires"))
        self.test_dependencies += as_list(setup.get("tests_require"))
        for group, wanted in as_dict(setup.get("extras_require")).items():
            if str(group).lower() in TEST_GROUPS:
                self.test_dependencies += as_list(wanted)
        for group, lines in as_dict(setup.get("entry_points")).items():
            self.add_lines(group, "\n".join(as_list(lines)))

    def add_lines(self, group, text):
        points = {}
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals:
                points[name.strip()] = value.strip()
        self.add_points(group, points)

    def add_points(self, group, points):
        for name, value in as_dict(points).items():
            if isinstance(value, str) and "\n" not in value and "\n" not in name:
                self.entry_points.setdefault(str(group), {}).setdefault(str(name), value)


def first_line(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


def version_in(module):
    """`__version__ = "1.2"` in the module or beside it."""
    exact = module.replace(".", os.sep).replace("-", "_")
    for top, path in itertools.product(("src", "", "lib"), (exact, exact.lower())):
        for name in (path + ".py", os.path.join(path, "__init__.py"),
                     os.path.join(path, "_version.py"), os.path.join(path, "version.py"),
                     os.path.join(path, "__about__.py"), os.path.join(path, "__version__.py")):
            try:
                with open(os.path.join(top, name), encoding="utf-8", errors="replace") as file:
                    found = re.search(r"^(?:__version__|version|VERSION)\b[^=\n]*=\s*['\"]([^'\"]+)",
                                      file.read(1 << 20), re.M)
            except OSError:
                continue
            if found:
                return found.group(1)
    return ""


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def write(path, text, mode=0o644):
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def write_version_files(project):
    for path in project.version_files:
        inside = os.path.normpath(path)
        if os.path.isabs(inside) or inside.startswith("..") or os.path.exists(inside):
            continue
        if not inside.endswith(".py"):
            write(inside, project.version + "\n")
            continue
        numbers = ", ".join(re.findall(r"\d+", project.version)[:3])
        write(inside, "__version__ = version = %r\n"
                      "__version_tuple__ = version_tuple = (%s,)\n" % (project.version, numbers))


def write_metadata(project):
    folder = os.path.join(TARGET, "%s-%s.dist-info" % (re.sub(r"[^A-Za-z0-9.]+", "_", project.name),
                                                       project.version))
    lines = ["Metadata-Version: 2.1", "Name: " + project.name, "Version: " + project.version]
    lines += ["Requires-Dist: " + each for each in project.dependencies if "\n" not in each]
    write(os.path.join(folder, "METADATA"), "\n".join(lines) + "\n")
    write(os.path.join(folder, "INSTALLER"), "nightjar\n")
    points = []
    for group, values in sorted(project.entry_points.items()):
        points.append("[%s]" % group)
        points += ["%s = %s" % pair for pair in sorted(values.items())] + [""]
    if points:
        write(os.path.join(folder, "entry_points.txt"), "\n".join(points))
    write(os.path.join(folder, "RECORD"), "")
    for name, value in project.entry_points.get("console_scripts", {}).items():
        module, _, function = value.split("[")[0].strip().partition(":")
        if not re.fullmatch(r"[\w.]+", module) or not re.fullmatch(r"[\w.]*", function):
            continue
        if not re.fullmatch(r"[\w.+-]+", name):
            continue
        call = "sys.exit(%s())" % function if function else ""
        start = function.split(".")[0]
        bring = "from %s import %s" % (module, start) if start else "import %s" % module
        write(os.path.join(TARGET, "bin", name),
              "#!/usr/bin/env python3\nimport sys\n%s\n%s\n" % (bring, call), 0o755)


def installed_names():
    try:
        from importlib import metadata
    except ImportError:
        return None
    names = set()
    for each in metadata.distributions(path=[TARGET] + sys.path):
        name = each.metadata["Name"]
        if name:
            names.add(plain(name))
    return names


def missing_of(requirements, names):
    """Names that are not installed; of requirements with markers only those that hold here."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        try:
            from pip._vendor.packaging.requirements import Requirement
        except ImportError:
            Requirement = None
    out = []
    for each in requirements:
        name = re.match(r"\s*([A-Za-z0-9][\w.-]*)", each)
        if not name or plain(name.group(1)) in names:
            continue
        if ";" in each:
            if Requirement is None:
                continue
            try:
                if not Requirement(each).marker.evaluate({"extra": ""}):
                    continue
            except Exception:  # a marker that packaging does not understand
                continue
        if each.strip() not in out:
            out.append(each.strip())
    return out


def install(requirements):
    for each in requirements:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index",
                        "--no-compile", "--target", TARGET, each],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)


def main():
    project = Project()
    project.take_pyproject(read_toml("pyproject.toml"))
    project.take_setup_cfg(read_setup_cfg())
    project.take_setup_py(read_setup_py())
    os.makedirs(TARGET, exist_ok=True)
    if project.name and re.fullmatch(r"[A-Za-z0-9][\w.-]*", project.name):
        if not re.fullmatch(r"[\w.+!-]+", project.version):
            project.version = version_in(project.name) or "0.0.0"
        if not re.fullmatch(r"[\w.+!-]+", project.version):
            project.version = "0.0.0"
        write_version_files(project)
        write_metadata(project)
    names = installed_names()
    if names is None:
        return 0
    wanted = project.dependencies + project.test_dependencies
    if os.environ.get("PIP_FIND_LINKS"):
        install(missing_of(wanted, names))
        names = installed_names()
    needed = missing_of(project.dependencies, names)
    also = [each for each in missing_of(project.test_dependencies, names) if each not in needed]
    if also:
        print("nightjar: declared for development and not installed: " + ", ".join(also))
    if needed:
        print("nightjar: needed and not installed: " + ", ".join(needed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
