//! Every command and option in Chinese, by its English.

use super::help_texts;

/// English and Chinese.
pub(super) const CHINESE: &[(&str, &str)] = &[
    // what all commands share
    (
        "Customers, segments and campaigns of travel agencies, decided by plugins you can swap while it runs",
        "旅行社的客户、分群与活动，由可在运行中更换的插件决定",
    ),
    ("Print help", "显示帮助"),
    ("Print help (see a summary with '-h')", "显示帮助（摘要见 -h）"),
    ("Print help (see more with '--help')", "显示帮助（详情见 --help）"),
    ("Address space", "地址空间"),
    ("Processor time", "处理器时间"),
    (
        "Compile the component on standard input and write its machine code to standard output",
        "编译标准输入中的组件，把机器码写到标准输出",
    ),
    ("Most bytes of machine code", "机器码最多字节数"),
    (
        "Read the workbook on standard input and write its rows to standard output",
        "从标准输入读取工作簿，把各行写到标准输出",
    ),
    (
        "The encoding of a text file, where it cannot be told from its bytes: utf-8, gb18030, big5, …",
        "文本文件的编码，无法从内容判断时指定：utf-8、gb18030、big5 等",
    ),
    (
        "The sheet of a workbook; without it the first one that is not hidden",
        "读取哪张工作表；不填则为第一张未隐藏的",
    ),
    (
        "The sheet; without it the first one that is not hidden",
        "工作表；不填则为第一张未隐藏的",
    ),
    (
        "Work that a server gives to a process of its own",
        "服务器交给单独进程的工作",
    ),
    (
        "Move the business clock of a server started with `serve --clock manual:INSTANT`",
        "拨动以 `serve --clock manual:时刻` 启动的服务器的业务时钟",
    ),
    ("Show where it stands", "显示当前时刻"),
    (
        "Move it on by a duration, as 3d, 12h or 90m",
        "按时长往前拨，如 3d、12h、90m",
    ),
    ("A whole number and `d`, `h`, `m` or `s`", "整数加 `d`、`h`、`m` 或 `s`"),
    (
        "Move it on to an instant, as 2026-03-01 or 2026-03-01T09:00:00+08:00",
        "拨到某一时刻，如 2026-03-01 或 2026-03-01T09:00:00+08:00",
    ),
    (
        "An instant later than the present; without a time the day begins, without a zone it is the agency's",
        "晚于当前的时刻；不写时间则为当天零点，不写时区则按旅行社所在时区",
    ),
    ("Print version", "显示版本"),
    (
        "Print this message or the help of the given subcommand(s)",
        "显示本说明，或某个命令的说明",
    ),
    (
        "Print one JSON document on standard output instead of words",
        "在标准输出打印一份 JSON，而不是文字",
    ),
    (
        "Language of all output, `en` or `zh-CN`; otherwise LC_ALL, LC_MESSAGES or LANG decides",
        "输出语言：`en` 或 `zh-CN`；未指定时由 LC_ALL、LC_MESSAGES 或 LANG 决定",
    ),
    (super::VARIABLES, help_texts::VARIABLES),
    (super::LINKS, help_texts::LINKS),
    // people
    (
        "People of an agency: invite them, list them, let them in again",
        "旅行社的员工：邀请、查看、恢复登录",
    ),
    (
        "Invite somebody, and print the link by which they choose a password, this once",
        "邀请员工，并显示其设置密码的链接（仅此一次）",
    ),
    ("E-mail address, by which they sign in", "邮箱，用于登录"),
    (
        "Their role: a built-in one, as owner or sales, or one of the agency's own",
        "角色：内置角色（如 owner、sales）或旅行社自建的角色",
    ),
    (
        "What people call them; what the address begins with if left out",
        "姓名；不填则取邮箱 @ 前的部分",
    ),
    ("List the people of an agency", "列出旅行社的员工"),
    (
        "Disable somebody: they are not let in any more, and every session of theirs ends at once",
        "停用员工：不能再登录，所有会话立即结束",
    ),
    ("E-mail address of the person", "员工的邮箱"),
    (
        "E-mail address of the first person: invites them as an owner, and prints the link by which they choose a password",
        "第一位员工的邮箱：邀请其为所有者，并显示设置密码的链接",
    ),
    (
        "Print a new link for somebody who has lost theirs, or their password; who was disabled is let in again",
        "为遗失链接或密码的员工显示新的链接；已停用的随之恢复",
    ),
    (
        "Take their second factor away as well, with its recovery codes",
        "一并停用两步验证，恢复码随之作废",
    ),
    (
        "The agency's short name; needed if there are several",
        "旅行社标识；有多家时须填写",
    ),
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
        "Address and port of `/metrics` alone; without one they are at --listen, unless that can be reached from other machines",
        "`/metrics` 单独的地址和端口；不设时指标在 --listen 的地址上，除非该地址可从其他机器访问",
    ),
    (
        "Business clock: `system`, or `fixed:` or `manual:` and an instant as in fixed:2026-01-15T10:00:00Z; a manual one is moved by `posthouse clock`",
        "业务时钟：`system`，或 `fixed:`、`manual:` 加时刻，如 fixed:2026-01-15T10:00:00Z；manual 时钟用 `posthouse clock` 拨动",
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
    (
        "A CSV, XLSX, XLS, XLSB or ODS file with a row of headers",
        "带表头的 CSV、XLSX、XLS、XLSB 或 ODS 文件",
    ),
    (
        "What the file's headers and words mean, in TOML",
        "映射文件（TOML）：说明表头和用词的含义",
    ),
    (
        "A mapping that the agency keeps, by its name",
        "旅行社已保存的映射的名称",
    ),
    (
        "Report what would be imported, and import nothing",
        "试运行：只显示结果，不入库",
    ),
    (
        "List segments with their sizes, or the members of one, or draw some of them",
        "列出各分群及人数，或某个分群的成员，或随机抽取成员",
    ),
    (
        "Draw members of a segment at random, with their telephone numbers",
        "随机抽取某个分群的成员，附电话号码",
    ),
    ("The segment, as BINDING.KEY", "分群，写作 BINDING.KEY"),
    (
        "How many are drawn; all are if there are fewer",
        "抽取多少位；不足时全部抽出",
    ),
    (
        "Any text: the same one draws the same people again as long as they are members. Left out, one is made up and shown",
        "任意文字：同一种子抽出同样的人（只要仍是成员）；不填则自动生成并显示",
    ),
    (
        "Draw from the members of a past day or instant",
        "从过去某天或某一时刻的成员中抽取",
    ),
    // facts
    ("Facts of all customers", "全部客户的事实"),
    (
        "Write the facts of all customers, a row each, as of the day that the server says",
        "写出全部客户的事实，每人一行，以服务器的当日为准",
    ),
    ("As which kind of file", "文件格式"),
    (
        "Where to; standard output if left out",
        "写到哪个文件；不填则写到标准输出",
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
    // imports
    ("List imports, or end one", "列出导入，或终止一个导入"),
    (
        "End an import. Rows that have landed stay",
        "终止一个导入；已入库的行保留",
    ),
    ("Id of the import", "导入编号"),
    // plugins
    ("Write, test and activate plugins", "编写、测试和启用插件"),
    ("Make the project of a new plugin", "新建插件项目"),
    (
        "Bring a project of an earlier release over to this one",
        "将早先版本的项目升级到本版本",
    ),
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
        "在沙箱中运行用例，并显示各自的耗时与燃料",
    ),
    (
        "Draw the self-test from the number that a refusal names; left out, it goes by the component",
        "自检的随机种子，即拒绝信息中的数字；省略时由组件本身决定",
    ),
    (
        "Measure fuel and time of calls in the sandbox, over made-up rows or baskets",
        "用生成的数据行或购物篮，在沙箱中测量调用的燃料与耗时",
    ),
    (
        "Where the made-up input comes from: the same number, the same input",
        "随机种子；数字相同则输入相同",
    ),
    (
        "Make one .wasm with golden cases and metadata inside, as `push` takes it",
        "打包成一个含用例和元数据的 .wasm，供 `push` 上传",
    ),
    (
        "The binding: the agency's name for the rule",
        "绑定：旅行社给规则起的名字",
    ),
    (
        "The plugin's settings: a file with a JSON object, or the object itself. Left out, those in force stay; '{}' takes the defaults",
        "插件设置：含 JSON 对象的文件，或对象本身。不填则沿用现有设置；'{}' 表示默认设置",
    ),
    ("Activate a plugin", "启用插件"),
    (
        "Delete a revision that no binding names, nor did",
        "删除从未被任何绑定引用的修订",
    ),
    ("The revision's digest or its beginning", "修订的摘要或其开头"),
    (
        "Facts granted beyond those granted before",
        "在已有授权之外再授权的事实",
    ),
    ("Activate an earlier revision of a binding again", "恢复绑定的较早修订"),
    (
        "End a binding: everyone leaves its segments, and its rule is not asked any more. `rollback` puts it back",
        "停用绑定：所有客户离开其分群，规则不再询问。可用 `rollback` 重新启用",
    ),
    ("The binding", "绑定"),
    (
        "Ask a campaign's rule again that was set aside because it kept failing or costing",
        "恢复询问因屡次出错或耗时过多而暂停的活动规则",
    ),
    (
        "The binding, promotion/KEY for the rule of a campaign",
        "绑定，活动的规则写 promotion/KEY",
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
        "List the revisions of a binding, the newest first: when each was activated, why, and with which settings",
        "列出绑定的各次修订（最新在前）：何时生效、原因及设置",
    ),
    ("How many revisions, the last ones", "列出最近多少次修订"),
    (
        "Print what the rules of a binding logged lately, and how they failed",
        "显示绑定的规则最近的日志和错误",
    ),
    ("How many lines, the last ones", "列出最近多少行"),
    ("List revisions and what is bound", "列出各修订及其绑定"),
    // the trade
    (super::campaigns::PLAN, help_texts::PLAN),
    (super::quote::BASKET, help_texts::BASKET),
    (
        "Its name in plans: lower-case letters, digits and hyphens",
        "方案中使用的名称：小写字母、数字和连字符",
    ),
    (
        "How its campaigns go together: exclusive, stackable, best-of or ordered",
        "组内活动的叠加方式：exclusive、stackable、best-of 或 ordered",
    ),
    ("Its title in English", "英文标题"),
    ("Its title in Chinese", "中文标题"),
    (
        "Only those in this state: draft, submitted, approved, preparing, running, paused, ended or evaluated",
        "只列出此状态：draft、submitted、approved、preparing、running、paused、ended、evaluated",
    ),
    (
        "Only those of this type: new-product, price-or-gift, festival, member or joint",
        "只列出此类型：new-product、price-or-gift、festival、member、joint",
    ),
    ("How many are listed, the newest first", "列出多少个（最新在前）"),
    (
        "Show a campaign: its plan in words, its approval, budget and tasks",
        "查看活动：方案、审批、预算和任务",
    ),
    (
        "Create a campaign from a file, or change the plan of one that was not started. It is a draft then",
        "按文件创建活动，或修改未开始活动的方案；之后为草稿",
    ),
    ("Ask for approval", "提交审批"),
    (
        "Agree to a plan, or with --amendment to an amendment. Another key than the one that planned it",
        "批准方案，或用 --amendment 批准变更；须用编写者以外的密钥",
    ),
    (
        "Reject a plan, or with --amendment an amendment, with the reason as note",
        "驳回方案，或用 --amendment 驳回变更，须附理由",
    ),
    (
        "Start an approved campaign and activate its rule",
        "启动已批准的活动及其规则",
    ),
    (
        "Stop a running campaign for a while. Quotes that hold its prices can be confirmed",
        "暂停进行中的活动；已保留价格的报价仍可确认",
    ),
    ("Let a paused campaign go on", "恢复已暂停的活动"),
    (
        "End a campaign for good. At the end of its window this happens by itself",
        "结束活动；活动期满时自动结束",
    ),
    (
        "Record how an ended campaign went and what was learned",
        "记录已结束活动的评价和经验",
    ),
    (
        "Propose another plan for a campaign that is running or paused, from a file. It is in force once another key approves it",
        "按文件为进行中或已暂停的活动提出变更；由另一把密钥批准后生效",
    ),
    (
        "List the amendments of a campaign, the newest first",
        "列出活动的变更（最新在前）",
    ),
    ("List the stacking groups", "列出叠加组"),
    (
        "Create a stacking group, or change its mode and titles",
        "创建叠加组，或修改其方式和标题",
    ),
    ("Key or id of the campaign", "活动标识或编号"),
    ("Why", "原因"),
    (
        "Number of the amendment that is decided on, instead of the plan",
        "针对的变更编号（不填则针对方案）",
    ),
    ("Why; a rejection needs it", "原因；驳回时必填"),
    ("The file; `-` reads standard input", "文件；`-` 表示标准输入"),
    ("Only show what was understood, in words", "只显示对方案的理解，不提交"),
    (
        "Fields whose unusual figures are meant as they are written, as the refusal names them",
        "确认无误的异常数字所在字段，名称见拒绝信息",
    ),
    (
        "The file with the whole plan as it is to be; `-` reads standard input",
        "含完整新方案的文件；`-` 表示标准输入",
    ),
    (
        "Facts that the rule of the plan reads beyond those granted before",
        "方案的规则在已有授权之外要读取的事实",
    ),
    (
        "How it went, in the view of those who know: what the figures do not say",
        "评价：数字以外的情况",
    ),
    ("What to do again and what not", "经验：哪些可以再做，哪些不要"),
    (
        "List webhooks; create and change them, and see what was sent",
        "列出 Webhook；创建、修改，查看发送记录",
    ),
    (
        "Create a webhook. Its secret is printed this once",
        "创建 Webhook；签名密钥只显示一次",
    ),
    ("Where events are sent: https://…", "事件发往的地址：https://…"),
    (
        "What to send: names of events, quote.*, or *",
        "通知哪些事件：事件名、quote.* 或 *",
    ),
    ("What you call it", "备注"),
    ("Show a webhook and its health", "查看 Webhook 及其状态"),
    ("Id of the webhook", "Webhook 编号"),
    ("List the types of events", "列出事件类型"),
    (
        "List what was sent, and what is waiting, the latest first",
        "列出已发送和待发送的通知，最近的在前",
    ),
    (
        "Only those that are pending, delivered or dead",
        "只看待发送（pending）、已送达（delivered）或已放弃（dead）的",
    ),
    ("How many", "条数"),
    ("Send a test event", "发送测试事件"),
    (
        "Send dead deliveries again, or the named ones",
        "重发已放弃的通知，或指定的通知",
    ),
    (
        "Numbers of deliveries; all that are dead if left out",
        "通知的序号；不填则为所有已放弃的",
    ),
    (
        "Give a webhook another secret, printed this once. The earlier one stays valid for a day",
        "更换签名密钥；新的只显示一次，旧的一天内仍有效",
    ),
    (
        "Pause a webhook. What happens meanwhile is never sent",
        "暂停 Webhook；暂停期间的事件之后不再补发",
    ),
    (
        "Resume a webhook that is paused or gone",
        "恢复已暂停或已失效的 Webhook",
    ),
    (
        "Delete a webhook, with what waits for it",
        "删除 Webhook 及其待发送的通知",
    ),
    (
        "Whose it is; for somebody of the staff their e-mail address. Keys of one holder are one person: none of them approves what another submitted",
        "持有人；员工请填其邮箱。同一持有人的密钥视为同一人：一个提交的方案，另一个不能批准",
    ),
    (
        "List work that falls due by itself, and try again what was given up",
        "列出到点自动完成的任务，重试已放弃的任务",
    ),
    ("Try a job again that was given up", "重试已放弃的任务"),
    ("What it does, as import.run", "任务类型，如 import.run"),
    (
        "Which one of its kind; nothing if there is only one",
        "该类型中的哪一个；只有一个时不填",
    ),
    (
        "Show who did what, or verify that the log of it is whole",
        "查看谁做了什么，或核对操作日志是否完整",
    ),
    ("Only what this actor did", "只看此操作者"),
    (
        "Only what was done to this, as campaign/KEY or customer/MEMBER; everything else as the log lists it",
        "只看此对象，如 campaign/键、customer/会员号；其他对象按日志所列填写",
    ),
    (
        "Verify that no entry was changed or taken away: 0 if the log is whole, 1 if it is not",
        "核对日志有无改动或缺失：完整返回 0，否则返回 1",
    ),
    ("An entry of which you kept the hash", "保存过哈希的条目序号"),
    ("The hash that you kept of it", "当时保存的哈希"),
    (
        "List members of the loyalty programme; show one, and what is done by hand",
        "列出会员；查看会员，办理手工事项",
    ),
    (
        "A name, part of a telephone number, a number on a card or a referral code; everybody if left out",
        "姓名、手机号片段、卡号或推荐码；不填则为全部",
    ),
    ("Only members of this tier, by its key", "只看此等级的会员，填等级键"),
    ("Only members in this state", "只看此状态的会员"),
    (
        "Show a member: tier and why, balances, what expires",
        "查看会员：等级及原因、余额、到期积分",
    ),
    ("Card number, or id of the customer", "会员卡号，或客户编号"),
    (
        "As it was on the evening of a past day: 2027-03-31",
        "过去某日日终的情况，如 2027-03-31",
    ),
    ("List what moved, and why", "列出积分变动及原因"),
    (
        "The first day: 2027-01-01; the beginning if left out",
        "起始日期，如 2027-01-01；不填则从头开始",
    ),
    ("The last day; today if left out", "截止日期；不填则为今天"),
    ("Make a customer a member", "为客户办理入会"),
    ("Id or member number of the customer", "客户编号或会员号"),
    (
        "Ask for points or status by hand; another person approves it",
        "申请手工调整积分或成长值，由他人批准",
    ),
    ("List what was asked for by hand and waits", "列出待批准的手工调整"),
    ("Agree to what was asked for by hand", "批准手工调整"),
    ("Say no to what was asked for by hand", "驳回手工调整"),
    ("Order a reward", "兑换奖励"),
    ("Key of the reward", "奖励的键"),
    ("Pass points on to another member", "转赠积分给其他会员"),
    (
        "Card number, or id of the customer, of whoever passes them on",
        "转出方的会员卡号或客户编号",
    ),
    ("The same of whoever gets them", "转入方的会员卡号或客户编号"),
    (
        "How many: 500, or -500 to take them away",
        "数量：增加如 500，扣减如 -500",
    ),
    ("Status instead of points", "调整成长值而非积分"),
    (
        "The last day of what is given: 2027-12-31; it has no end if left out",
        "有效期截止日，如 2027-12-31；不填则长期有效",
    ),
    ("Id of what was asked for", "申请的编号"),
    ("What there is to say", "备注"),
    (
        "List tasks; write them down, and say that they are done",
        "列出任务；新建任务，标记完成",
    ),
    (
        "Only your own: assigned to this key, to another key of its holder, or to the holder's name",
        "只看自己的：指派给此密钥、同一持有人的其他密钥，或持有人的姓名",
    ),
    (
        "Only those that are open, overdue or done; the open ones if left out",
        "只看未完成（open）、已逾期（overdue）或已完成（done）的；不填则为未完成的",
    ),
    (
        "Only those about this, as campaign/KEY",
        "只看此对象的，如 campaign/KEY",
    ),
    (
        "How many are listed, in the order in which they are due",
        "列出多少项，按期限排列",
    ),
    ("Write a task down", "新建任务"),
    ("What is to be done", "任务内容"),
    (
        "What it is about, as campaign/KEY; a campaign does not start before its tasks are done",
        "对象，如 campaign/KEY；活动须在其任务全部完成后才能启动",
    ),
    (
        "What kind of work it is: training, materials or other for a campaign",
        "任务类型：活动可用 training（培训）、materials（物料）、other（其他）",
    ),
    ("Who is to do it", "负责人"),
    (
        "Until when: a day as 2027-03-31, or an instant as 2027-03-31T18:00",
        "期限：日期如 2027-03-31，或时刻如 2027-03-31T18:00",
    ),
    ("Say that a task is done", "标记任务完成"),
    ("Id of the task", "任务编号"),
    ("What came of it", "处理结果"),
    ("Coupons of campaigns", "活动的券码"),
    (
        "Make a batch of codes. They are printed, or written to a file, this once",
        "生成一批券码；仅此一次显示或写入文件",
    ),
    ("List the batches of a campaign", "列出活动的券批次"),
    (
        "Revoke every code of a batch. What open quotes hold of it they keep",
        "作废整批券码；未确认报价已占用的不受影响",
    ),
    ("Id of the batch", "批次编号"),
    (
        "Show what a code is worth, and what was done with it",
        "查询券码的优惠和使用情况",
    ),
    ("The code, however it was typed", "券码，任意写法均可"),
    ("By which people know the batch", "批次名称"),
    ("So many codes for whoever brings one", "生成多少个不限客户的券码"),
    (
        "A code for everyone who is in this segment now, theirs alone; BINDING.KEY",
        "为当前在此分群（BINDING.KEY）中的每位客户各生成一个专属券码",
    ),
    (
        "A code for each of these customers, theirs alone",
        "为这些客户各生成一个专属券码",
    ),
    ("How often each code can be used", "每个券码可用次数"),
    (
        "The last day on which the codes are good: 2027-03-31. Until the campaign ends if left out",
        "券码的最后有效日，如 2027-03-31；不填则到活动结束",
    ),
    (
        "A new file for the codes, one a line, with whose they are; standard output if left out",
        "把券码写入新文件，每行一个并注明归属；不填则输出到标准输出",
    ),
    (
        "Find customers, or show all that is known of one",
        "查找客户，或查看一位客户的全部信息",
    ),
    (
        "A name as it is written, in pinyin or by its initials, part of a telephone number, a member number or e-mail address; everyone if left out",
        "姓名（汉字、拼音或首字母）、电话的一部分、会员号或邮箱；不填则列出全部",
    ),
    (
        "Only members of this segment, as BINDING.KEY; of several of one binding any, of several bindings one of each",
        "只列出此分群（BINDING.KEY）的成员；同一绑定给出多个时属于任一即可，不同绑定须同时属于",
    ),
    (
        "Only those of whom this is so: trips-24m:2..4, spend-24m:3000000.. in minor units, home-city:上海,苏州; of several all",
        "只列出符合条件的客户：trips-24m:2..4、spend-24m:3000000..（单位：分）、home-city:上海,苏州；给出多个时须全部符合",
    ),
    (
        "In the order of this fact, with a - before it the highest first",
        "按此事实排序；前面加 - 则从高到低",
    ),
    (
        "Facts to show of each, separated by commas",
        "每位客户显示的事实，用逗号分隔",
    ),
    ("How many are listed", "列出多少位"),
    ("Show all that is known of one customer", "查看一位客户的全部信息"),
    ("Id or member number", "编号或会员号"),
    (
        "List campaigns; plan, approve, run and amend them",
        "列出活动；编写、批准、运行和变更",
    ),
    (
        "Price a basket with every campaign in force, and hold the price for a while",
        "按全部生效活动为购物篮报价，并在一段时间内保留价格",
    ),
    (
        "Confirm a quote with its booking: what it held is spent, its coupons are redeemed",
        "用订单确认报价：占用转为支出，券码核销",
    ),
    ("Let a quote go: what it held is free again", "释放报价：占用归还"),
    (
        "List the facts a rule can read, with kind, unit and meaning; no server is asked",
        "列出规则可读取的事实及其类型、单位和含义（离线）",
    ),
    (
        "Only those that have these words in key, kind, unit or meaning",
        "只列出键、类型、单位或含义中含有这些词的",
    ),
    ("As the table of the plugin guides", "以此语言输出插件指南中的表格"),
    (
        "Upload a packed component, or pack a project and upload that",
        "上传打包好的组件，或打包项目后上传",
    ),
    (
        "Show what a plugin would change if it were activated: who would move, or of a loyalty rule what it would have posted in the past",
        "预览：启用某插件后谁会变动；若是会员规则，则看它在过去会如何积分",
    ),
    ("List everyone who would move, however many", "列出全部变动客户"),
    (
        "Over how many days a rule of loyalty or complaint routing is played, today included",
        "会员或投诉分派规则试算的天数（含今天）",
    ),
    (
        "A packed component or a project's folder written as a path (`.`, `./rule`), which is packed and uploaded first; or a revision's digest or its beginning; or a plugin's name, which means its newest revision",
        "打包好的组件，或以路径（`.`、`./rule`）表示的项目目录（会先打包上传）；或某个修订的摘要或其开头；或插件名（取其最新修订）",
    ),
    (
        "The file with the basket; `-` reads standard input",
        "购物篮文件；`-` 表示标准输入",
    ),
    (
        "Who buys, by member number or id, instead of whom the file names",
        "购买者（会员号或编号），代替文件中的客户",
    ),
    ("Id of the quote", "报价编号"),
    (
        "The booking's id as events and files tell it; the quote's id if left out",
        "订单号（与事件和文件中一致）；不填则为报价编号",
    ),
    (
        "In which order: by score (the highest first), since (who entered last first), name, or joined (in the order in which they became customers)",
        "排序：score（得分高者在前）、since（最近进入者在前）、name（姓名）或 joined（成为客户的先后）",
    ),
];
