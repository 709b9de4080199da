//! The longer texts of help in Chinese.

pub(super) const VARIABLES: &str = "与服务器通信的命令所用的环境变量：
  POSTHOUSE_URL      服务器地址 [默认：http://127.0.0.1:7300]
  POSTHOUSE_API_KEY  旅行社的密钥；用 `posthouse agency create` 或 `posthouse agency key` 获得";

/// What commands that print a link take from the environment.
pub(super) const LINKS: &str = "环境变量：
  POSTHOUSE_URL      服务器地址，链接以它开头 [默认：http://127.0.0.1:7300]";

pub(super) const PLAN: &str = "文件为 TOML（或 JSON）。金额用元等主单位，比率用百分数，日期可写日期或从今天起算：

  key = \"spring-2027\"
  type = \"festival\"            # new-product、price-or-gift、festival、member 或 joint
  name = \"Spring Festival 2027\"
  owner = \"Ms Lin\"
  places = [\"app\", \"shop-xuhui\"]   # 不填则不限渠道
  holdout = \"10 %\"             # 对照组占受众的比例，用来衡量效果
  price_floor = \"80 %\"         # 至少为标价的
  margin_floor = \"5 %\"         # 已知成本时，毛利至少为成本的
  needs_coupon = false         # keeps_coupons、despite_complaints 不填为 false

  [goal]
  purpose = \"Fill the departures after the festival\"
  targets = { sales = \"800,000.00\", participants = 120 }

  [audience]                   # 不填则为所有人
  segments = [\"rfm.champions\"]
  facts = [{ fact = \"spend-24m\", at_least = \"5,000.00\" }, { fact = \"consent-marketing\", is = true }]

  [window]
  first_day = \"in 14 days\"     # 或 2027-01-20、\"today\"
  last_day = 2027-03-03        # 最后一天；或写 days = 43

  [budget]                     # 优惠总额
  total = \"50,000.00\"
  per_customer = \"1,000.00\"
  per_day = \"4,000.00\"

  [stacking]
  group = \"season\"
  priority = 10                # 1 最先

  [rule]
  plugin = \"early-bird\"        # 或 digest；有多个版本时写 version
  settings = { }               # 插件自己的设置，用它自己的单位";

pub(super) const BASKET: &str = "文件为 TOML（或 JSON）。价格用元等主单位，日期可写日期或从今天起算：

  customer = \"M00012\"       # 会员号或编号；不填则不限客户
  channel = \"app\"           # 渠道：与活动方案中的写法一致
  codes = [\"7XQ2-M4KD-0WZH-9PCT\"]
  hold_minutes = 30

  [[lines]]
  sku = \"YN-7\"
  kind = \"tour\"             # tour、hotel、flight、train、cruise、ticket、transfer、visa、insurance 或 other
  destination = \"云南\"
  theme = \"culture\"
  departs = \"in 75 days\"    # 或 2027-05-01
  travellers = 2
  quantity = 2
  unit_price = \"4,980.00\"   # 单价
  unit_cost = \"3,900.00\"    # 单件成本，未知则不填";
