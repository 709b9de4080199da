//! Every command and option in Chinese, by its English.

/// English and Chinese.
pub(super) const CHINESE: &[(&str, &str)] = &[
    // what all commands share
    (
        "Customers, segments and campaigns of travel agencies, decided by plugins you can swap while it runs",
        "旅行社的客户、分群与活动，由可在运行中更换的插件决定",
    ),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
    (
        "Print this message or the help of the given subcommand(s)",
        "显示本说明，或某个命令的说明",
    ),
    ("Print help for the subcommand(s)", "显示某个命令的说明"),
    (
        "Print one JSON document on standard output instead of words",
        "在标准输出打印一份 JSON，而不是文字",
    ),
    (
        "Language of all output, `en` or `zh-CN`; otherwise LC_ALL, LC_MESSAGES or LANG decides",
        "输出语言：`en` 或 `zh-CN`；未指定时由 LC_ALL、LC_MESSAGES 或 LANG 决定",
    ),
    (super::VARIABLES, VARIABLES),
    // serving
    (
        "Serve the API; migrates the database on start",
        "启动 API 服务；启动时升级数据库",
    ),
    (
        "Serve a made-up agency with realistic data and the reference plugins",
        "启动演示：一家虚构的旅行社，带逼真数据和参考插件",
    ),
    (
        "Configuration file; `posthouse.toml` is read if it is there",
        "配置文件；若存在 `posthouse.toml` 则读取",
    ),
    (
        "`sqlite:PATH` or `postgres://USER@HOST/NAME`",
        "数据库：`sqlite:PATH` 或 `postgres://USER@HOST/NAME`",
    ),
    (
        "Address and port; port 0 takes a free one and prints it",
        "监听地址和端口；端口 0 表示任选空闲端口并显示",
    ),
    (
        "Business clock: `system`, or `fixed:` and an instant as in fixed:2026-01-15T10:00:00Z",
        "业务时钟：`system`，或 `fixed:` 加时刻，如 fixed:2026-01-15T10:00:00Z",
    ),
    (
        "Throw away the demo's data and create it anew",
        "丢弃演示数据并重新生成",
    ),
    ("How many customers to make up", "生成多少位客户"),
    ("The same seed makes the same customers", "随机种子；种子相同则客户相同"),
    (
        "Check that everything a server needs is there, without changing anything",
        "检查服务器所需的一切，不做任何改动",
    ),
    ("Bring the database's tables up to date", "把数据库的表升级到最新"),
    ("The configuration", "配置"),
    (
        "Print every setting, its value, and where the value comes from",
        "列出每项设置、它的值及其来源",
    ),
    ("Print completions for a shell", "生成 shell 的命令补全"),
    ("Which shell", "哪种 shell"),
    // agencies
    (
        "Agencies of this installation, and their keys",
        "本系统中的旅行社及其密钥",
    ),
    (
        "Create an agency and print its owner key, this once",
        "创建旅行社，并显示其所有者密钥（仅此一次）",
    ),
    ("List the agencies", "列出旅行社"),
    (
        "Create a further key of an agency and print it, this once: for another program, or when the last one is lost",
        "再创建一个密钥并显示（仅此一次）：供其他程序使用，或在密钥遗失时",
    ),
    ("The agency's short name", "旅行社标识"),
    ("What the agency calls the key", "密钥名称"),
    ("What the key may do", "密钥的权限"),
    (
        "List the keys of an agency, without the secrets themselves",
        "列出旅行社的密钥（不含密钥本身）",
    ),
    ("Revoke a key at once", "立即作废一个密钥"),
    (
        "The key's id, as `posthouse agency keys` lists it",
        "密钥编号，见 `posthouse agency keys`",
    ),
    (
        "Short name: lower-case letters, digits and hyphens",
        "标识：小写字母、数字和连字符",
    ),
    ("Full name", "全称"),
    (
        "IANA name of the zone its days begin in",
        "时区（IANA 名称），日期以此划分",
    ),
    ("ISO 4217 code of its books", "记账币种（ISO 4217 代码）"),
    (
        "ISO 3166 code; phone numbers without a prefix are of this country",
        "国家（ISO 3166 代码）；不带国际区号的电话按此国家处理",
    ),
    // importing and looking
    ("Import a file through the server", "通过服务器导入文件"),
    ("What the rows are", "行的内容"),
    ("A CSV or XLSX file with a row of headers", "带表头的 CSV 或 XLSX 文件"),
    (
        "What the file's headers and words mean, in TOML",
        "映射文件（TOML）：说明表头和用词的含义",
    ),
    ("Say what would land, and land nothing", "试运行：只显示结果，不入库"),
    (
        "List segments with their sizes, or the members of one",
        "列出各分群及人数，或某个分群的成员",
    ),
    (
        "BINDING.KEY of a segment whose members are to be listed; every segment with its size if left out",
        "要列出成员的分群，写作 BINDING.KEY；不填则列出全部分群及人数",
    ),
    ("How many members are listed", "列出多少位成员"),
    (
        "Make a past decision again, with the plugin, settings and input of then: the same bytes, or the first difference",
        "用当时的插件、设置和输入重放一次决策：逐字节一致，或给出第一处差异",
    ),
    (
        "The decision's id; quotes name those behind them, and GET /api/v1/decisions lists all",
        "决策编号；报价中列有其决策，全部决策见 GET /api/v1/decisions",
    ),
    // plugins
    ("Write, test and activate plugins", "编写、测试和启用插件"),
    ("Make the project of a new plugin", "新建插件项目"),
    ("Lower-case words joined by hyphens", "小写单词，用连字符连接"),
    ("What the plugin decides", "插件决定什么"),
    ("Folder in which the project's folder is made", "在哪个目录下新建项目"),
    ("Compile a project to a component", "把项目编译成组件"),
    ("The project's folder", "项目目录"),
    ("Where to write the component", "组件写到哪里"),
    (
        "Put a component or a project through everything an upload goes through",
        "对组件或项目做上传时的全部检查",
    ),
    ("A .wasm file or a project's folder", ".wasm 文件或项目目录"),
    (
        "Run the golden cases in the sandbox and print what each took",
        "在沙箱中运行样例，并显示各自的耗时与算力",
    ),
    (
        "Measure fuel and time of calls in the sandbox, over made-up rows or baskets",
        "用生成的数据行或购物篮，在沙箱中测量调用的算力与耗时",
    ),
    (
        "Where the made-up input comes from: the same number, the same input",
        "随机种子；数字相同则输入相同",
    ),
    (
        "Make one .wasm with golden cases and metadata inside, as `push` takes it",
        "打包成一个含样例和元数据的 .wasm，供 `push` 上传",
    ),
    ("Upload a packed component", "上传打包好的组件"),
    ("The packed component", "打包好的组件"),
    (
        "Show who would move if a plugin came into force",
        "预览：启用某插件后谁会变动",
    ),
    (
        "The binding: the agency's name for the rule",
        "绑定：旅行社给规则起的名字",
    ),
    (
        "A packed component, which is uploaded first; or a revision's digest or its beginning; or a plugin's name, which means its newest revision",
        "打包好的组件（会先上传），或某个修订的摘要或其开头，或插件名（取其最新修订）",
    ),
    (
        "The plugin's settings: a file with a JSON object, or the object itself. Left out, those in force stay; '{}' takes the defaults",
        "插件设置：含 JSON 对象的文件，或对象本身。不填则沿用现有设置；'{}' 表示默认设置",
    ),
    ("Put a plugin into force", "启用插件"),
    (
        "Facts granted beyond those granted before",
        "在已有授权之外再授权的事实",
    ),
    (
        "Put an older revision of a binding back into force",
        "恢复绑定的较早修订",
    ),
    (
        "The binding, or promotion/KEY for the rule of a campaign",
        "绑定，活动的规则写作 promotion/KEY",
    ),
    (
        "The revision. Left out, it is the one before the present; repeated, the command walks further back",
        "修订号。不填则为当前的前一个；重复执行可继续往前",
    ),
    (
        "List the revisions of a binding, the newest first: when each came into force, why, and with which settings",
        "列出绑定的各次修订（最新在前）：何时生效、原因及设置",
    ),
    ("How many revisions, the last ones", "列出最近多少次修订"),
    (
        "Print what the rules of a binding logged lately, and how they failed",
        "显示绑定的规则最近的日志和错误",
    ),
    ("How many lines, the last ones", "列出最近多少行"),
    ("List revisions and what is bound", "列出各修订及其绑定"),
];

const VARIABLES: &str = "与服务器通信的命令所用的环境变量：
  POSTHOUSE_URL      服务器地址 [默认：http://127.0.0.1:7300]
  POSTHOUSE_API_KEY  旅行社的密钥；用 `posthouse agency create` 或 `posthouse agency key` 获得";
