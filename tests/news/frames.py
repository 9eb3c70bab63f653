"""Clauses of headlines in this project's own words, each with what a careful reader takes from it.

``expected | headline`` or, with a summary, ``expected | headline || summary``. ``expected`` has a frame for each
clause that moves, parted by ``/``: which way, who, the cause and, where it matters, what AI does. Who: symbols and
``~exposure`` joined by ``+``, ``^`` a whole market, ``?`` nobody known. ``-`` where nothing moves. ``*`` before it: told
of another day. Rows
were written before anybody looked at what the reader makes of them, table by table. Read for the first time, the ties
of ``SECOND`` and its Chinese rows were wrong in 16 of 128 (14 not seen), those of ``THIRD`` in 16 of 75 (15 not seen),
those of ``FOURTH`` in 1 of 75 (not seen), of ``FIFTH`` in 7 of 43 (not seen). ``SIXTH`` has what was read right, in
the end, of three sets: of the first, 58 of 175 ties were not seen at first and 4 of 105 others were taken for ties; of
the second, 24 of 70 and 3 of 30; of the third, with traps set for the mends of the first two, 17 of 40 and 8 of 51; of a fourth,
which is not here, 20 of 60 and 1 of 40.
``SEVENTH`` has a row or two for each kind mended after that, written with the mends.
What was wrong then was mended, or the row where it asked too much.
"""

# ruff: noqa: E501 - a row is a line, however long the headline

from __future__ import annotations

AGENT = """
fall NVDA ai | Nvidia plunges after DeepSeek unveils low-cost model
fall NVDA ai | Nvidia shares sink 12% as cheap Chinese AI model rattles Wall Street
fall NVDA+AVGO+MU ai | Nvidia, Broadcom and Micron tumble on DeepSeek fears
fall NVDA ai | DeepSeek sends Nvidia tumbling
fall NVDA ai | DeepSeek sends Nvidia shares sharply lower
fall NVDA ai | DeepSeek wipes half a trillion dollars off Nvidia
fall NVDA ai | DeepSeek's new model knocks $400bn off Nvidia's market value
fall ~ai-chips ai | Chip stocks slump as DeepSeek shows AI can be trained with fewer chips
fall ~ai-chips ai | DeepSeek shock hits chip stocks
fall ~ai-chips ai | DeepSeek sparks rout in chip stocks
fall ~ai-chips ai | Chipmakers hammered by DeepSeek's cut-price model
fall ~power-generation ai | Power producers plunge as DeepSeek model needs far less electricity
fall ~power-generation ai | Utilities slide after efficient Chinese AI model raises questions about power demand
fall ~data-centres ai | Data-center stocks drop on DeepSeek worries
fall ~servers ai | Server makers sink after DeepSeek trains model for a fraction of the cost
fall ~memory ai | Memory stocks tumble as Google algorithm cuts memory needs of AI models
fall ~memory ai | Memory makers slide on fears new compression technique will cut demand for chips
fall ^ ai | Nasdaq falls 3% as DeepSeek rattles tech investors
fall ^ ai | Tech stocks slide after DeepSeek releases free rival to ChatGPT
fall ^ ai | Wall Street tumbles on DeepSeek shock
fall TSM ai | TSMC drops 9% amid DeepSeek panic
fall ASML ai | ASML slides as DeepSeek casts doubt on chip demand
fall VRT ai | Vertiv crashes 25% after DeepSeek breakthrough
fall CEG+VST ai | Constellation Energy and Vistra plummet as DeepSeek model upends power forecasts
fall ~software ai | Software stocks slide after Anthropic releases office agent
fall ~software ai | Anthropic's new agent sparks sell-off in software stocks
fall ~software ai | Software shares plunge as investors fear AI agents will replace seats
fall ~software ai | Fears of AI disruption hammer software stocks
fall ~software ai | SaaS stocks hit by fears that AI will replace them
fall ~software ai | Software sell-off deepens as Claude plugins threaten business models
fall CRM ai | Salesforce falls 7% after OpenAI moves into customer software
fall CRM ai | Salesforce sinks as AI agents threaten its business
fall NOW ai | ServiceNow tumbles as OpenAI unveils workplace agent
fall ADBE ai | Adobe shares drop after OpenAI launches image generator
fall ADBE ai | Adobe slides as Google's image model challenges Photoshop
fall ADBE ai | OpenAI's video tool knocks Adobe shares
fall FIG ai | Figma tumbles 12% after Anthropic debuts design tool
fall FIG ai | Figma shares hit by Google's new AI design tool
fall TRI ai | Thomson Reuters has worst day ever after Anthropic's legal plugin
fall TRI+RELX ai | Thomson Reuters and RELX sink after Claude learns legal work
fall RELX ai | RELX slumps 14% on Anthropic threat
fall ~legal-data ai | Legal publishers tumble as Anthropic enters legal work
fall LZ ai | LegalZoom plunges as AI legal assistant spooks investors
fall CHGG ai | Chegg shares halve after company says ChatGPT is hurting growth
fall CHGG ai | Chegg plunges 45% as students turn to ChatGPT
fall CHGG ai | Chegg says ChatGPT is hurting subscriber growth; shares tumble 40%
fall CHGG ai | Chegg stock craters after blaming ChatGPT for lost customers
fall CHGG ai | ChatGPT threat wipes out half of Chegg's market value
fall PSO ai | Pearson slides on ChatGPT fears
fall DUOL ai | Duolingo drops after OpenAI shows live translation
fall DUOL ai | Duolingo falls 5% as GPT-5 demo builds a language app
fall ~education ai | Education stocks slide as ChatGPT adds study mode
fall ~education ai | Edtech stocks battered by fears over ChatGPT
fall COUR ai | Coursera sinks after OpenAI launches free courses chatbot
fall GOOGL ai | Alphabet falls 4% after OpenAI launches search engine
fall GOOGL ai | Google shares drop as OpenAI unveils browser
fall GOOGL ai | Alphabet slides on report Apple may replace Google with AI search
fall GOOGL ai | Alphabet stock sinks as ChatGPT eats into search traffic
fall GOOGL ai | Google tumbles after Microsoft unveils ChatGPT-powered Bing
fall IBM ai | IBM plunges 13% after Anthropic says Claude can modernise COBOL
fall IBM ai | IBM shares sink on fears Claude will rewrite COBOL systems
fall INFY+CTSH ai | Infosys and Cognizant fall as Anthropic's coding agent stirs fears for outsourcing
fall ~it-services ai | Indian IT stocks slump after Anthropic launches enterprise agent
fall ~it-services ai | IT services stocks slide on worries that AI will replace coders
fall ACN ai | Accenture drops as AI agents threaten consulting work
fall EPAM ai | EPAM tumbles after OpenAI debuts coding agent
fall CRWD+OKTA ai | CrowdStrike and Okta fall after Anthropic unveils code security tool
fall ~cybersecurity ai | Cybersecurity stocks drop as Claude tool finds software flaws
fall ~cybersecurity ai | Cyber stocks slide after new AI tool hunts for bugs
fall PANW ai | Palo Alto Networks slips as Anthropic enters security market
fall CHRW ai | C.H. Robinson plunges 15% on AI freight tool
fall CHRW ai | C.H. Robinson shares tumble after start-up unveils AI load-matching tool
fall ~freight-brokers ai | Freight brokers slump as AI tool from tiny firm stokes disruption fears
fall ~freight-brokers ai | Trucking stocks sink after AI startup launches freight agent
fall SCHW+RJF ai | Schwab and Raymond James slide after AI tax planner debuts
fall ~wealth ai | Wealth managers tumble on fears of AI tax planning tool
fall ~wealth ai | Brokerage stocks fall as new AI tool threatens financial advice
fall ~insurance-brokers ai | Insurance brokers slide after ChatGPT adds insurance quotes
fall ~insurance-brokers ai | Insurance stocks sink as OpenAI approves first insurance app
fall CBRE+JLL ai | CBRE and Jones Lang LaSalle plunge on AI disruption fears
fall ~property-brokers ai | Real estate services stocks hit by AI disruption fears
fall FDS+MORN ai | FactSet and Morningstar fall as Anthropic launches finance tools
fall FDS ai | FactSet slumps after Claude plugin takes on analyst work
fall SPGI ai | S&P Global drops as AI agents threaten data business
fall ~financial-data ai | Ratings firms slide as Anthropic's research agent stokes worries
fall WPP ai | WPP sinks after Meta unveils AI tool that makes ads
fall WPP+OMC ai | WPP and Omnicom slide as AI ad tools threaten agencies
fall ~advertising ai | Ad agencies tumble after Meta says AI will create ads by itself
fall TTD ai | Trade Desk falls after Amazon launches AI ad agent
fall TTWO+RBLX+U ai | Take-Two, Roblox and Unity plunge after Google shows playable AI worlds
fall ~games ai | Game stocks sink as Google's Genie generates playable worlds
fall U ai | Unity stock craters 20% after Google's world model debuts
fall GETY+SSTK ai | Getty Images and Shutterstock slide after OpenAI launches image tool
fall FVRR+UPWK ai | Fiverr and Upwork sink as AI agents replace freelancers
fall TEP.PA ai | Teleperformance plunges 20% as Klarna's AI assistant does work of 700 agents
fall ~call-centres ai | Call-centre operators tumble after OpenAI launches voice agent
fall FIVN ai | Five9 slides on fears OpenAI voice agents will replace call centres
fall EXPE+ABNB ai | Expedia and Airbnb fall after Google launches AI travel agent
fall ~consumer-internet ai | Online travel stocks drop as ChatGPT adds hotel booking
fall V+MA ai | Visa and Mastercard slip after OpenAI launches agent payments tool
fall INTU ai | Intuit slides as OpenAI launches tax assistant
fall HRB ai | H&R Block drops after Anthropic unveils tax filing agent
fall WDAY ai | Workday falls on fears AI agents will replace HR software
fall Z ai | Zillow sinks after ChatGPT adds home listings
fall UMG.AS ai | Universal Music slides as AI song maker goes viral
fall TEAM ai | Atlassian tumbles as Claude Code eats into developer seats
fall GTLB ai | GitLab plunges after Anthropic launches code review agent
fall RHI ai | Robert Half sinks after OpenAI debuts hiring agent
fall ~staffing ai | Recruiters slump on fears AI will replace white-collar staff
fall DOCU ai | DocuSign drops after OpenAI reveals contract tool
fall HUBS ai | HubSpot dives as OpenAI enters marketing software
fall ~translation ai | Translation stocks sink after Google unveils live translation model
fall ~publishing ai | Publishers slide as Google's AI answers eat into traffic
fall NVDA ai | After DeepSeek's release, Nvidia slumps 8%
fall TRI ai | As Anthropic pushes into law, Thomson Reuters tumbles
fall CHGG ai | Hurt by ChatGPT, Chegg shares collapse
fall ~software ai | Software stocks under pressure as Anthropic agent threatens seats
fall TRI ai | Anthropic launches legal assistant and Thomson Reuters sinks
fall ~ai-chips ai | DeepSeek needs fewer chips: chip makers plunge
fall NVDA ai | Nvidia tumbles: DeepSeek trains AI for a fraction of the cost
fall ADBE ai | Adobe, hit by OpenAI's image model, falls 6%
fall GOOGL ai | Alphabet loses $100bn as ChatGPT fears grow
fall ORCL ai | Oracle sinks 14% amid DeepSeek rout
fall ^ ai | Japan stocks fall as DeepSeek shock spreads to Asia
fall NVDA ai | Nvidia shares hit by launch of DeepSeek's cheaper model
fall IBM ai | IBM stock down 13% after Claude learns COBOL
fall NVDA ai | Nvidia's DeepSeek-driven plunge is biggest one-day loss ever
fall CRM ai | Salesforce extends slide as Claude Cowork threatens software
fall ~software ai | Panic over AI agents drags down software stocks
fall CHGG ai | ChatGPT crushes Chegg shares
fall ~games ai | Video game makers' shares dive on Google's Genie
fall DUOL ai | Duolingo stock slumps on Google's AI language tutor
"""

AGENT_CHINESE = """
fall NVDA ai | 受DeepSeek冲击，英伟达股价暴跌17%
fall NVDA ai | DeepSeek引发恐慌，英伟达大跌
fall NVDA ai | DeepSeek导致英伟达市值蒸发近6000亿美元
fall NVDA ai | 英伟达因DeepSeek暴跌
fall ~ai-chips ai | DeepSeek冲击美股芯片股集体大跌
fall ~software ai | Anthropic新工具引发软件股抛售
fall ~software ai | 软件股重挫，Anthropic插件引发替代担忧
fall ~education ai | 教育股大跌，ChatGPT推出学习模式
fall IBM ai | IBM股价大跌13%，因Anthropic称Claude可改写COBOL
fall ~it-services ai | 受AI替代担忧影响，印度IT股下挫
fall ADBE ai | Adobe股价下跌，OpenAI推出图像模型
fall GOOGL ai | OpenAI推出搜索引擎后，谷歌股价下跌4%
fall ~advertising ai | AI工具冲击，广告股集体跳水
fall ~games ai | 谷歌世界模型发布后，游戏股暴跌
"""

NOT_AGENT = """
fall ~ai-apps macro label | AI stocks slump after hot jobs report
fall ~ai-apps macro label | AI stocks tumble as bond yields jump
fall NVDA+~ai-apps macro label | Nvidia and other AI stocks fall on inflation data
fall PLTR macro | AI darling Palantir slides as Treasury yields climb
fall AMD+ORCL macro | Oracle, AMD tumble as jobs report dims hopes of rate cuts
fall NVDA unknown label | Why AI leader Nvidia stock plunged today
fall ~ai-chips policy | AI chip stocks sink on new export curbs
fall NVDA policy | Nvidia drops after US restricts AI chip exports to China
fall AMD policy | AMD falls on report of caps on AI chip exports
fall NVDA policy | Trump's licence rule for AI chips knocks Nvidia shares
fall META spending object | Meta slides as plan to spend $70 billion on AI spooks investors
fall META spending object | Meta shares fall on AI spending plans
fall MSFT spending object | Microsoft drops as AI spending climbs
fall GOOGL spending object | Alphabet slips on capex for AI data centers
fall NVDA spending object | Nvidia falls on worries about AI spending
fall NVDA spending object | Nvidia slides amid fears of an AI bubble
fall ^ spending object | Tech stocks tumble on AI bubble fears
fall ^ spending object | Nasdaq sinks as doubts grow over AI investment returns
fall ~ai-chips spending object | Chip stocks slide on concerns over AI demand
fall ~data-centres spending object | Data-center stocks drop after Microsoft cancels data-center leases
fall VRT+CEG spending object | Vertiv and Constellation Energy sink as Microsoft pulls out of data-centre leases
fall NVDA spending object | Nvidia drops after report Meta will buy Google's TPUs
fall NVDA spending object | Nvidia falls as Apple says it trained models on Google chips
fall DELL spending object | Dell falls as AI PC demand disappoints
fall DELL spending object | Dell drops as AI adoption stumbles
fall ORCL spending | Oracle slides on debt for AI data centers
fall CRWV spending | CoreWeave sinks as AI borrowing worries investors
fall NVDA results | Nvidia falls after results fail to impress
fall NVDA results | Nvidia slips as forecast disappoints AI bulls
fall MU results | Micron tumbles on weak AI memory forecast
fall MU results | Micron's AI chip forecast misses, shares sink
fall MRVL results | Marvell plunges as AI revenue forecast underwhelms
fall AVGO results | Broadcom slides after AI sales outlook disappoints
fall SMCI results | Super Micro craters as AI server maker cuts forecast
fall AI results | C3.ai nosedives on preliminary results
fall AI results | C3.ai plunges 25% after sales miss
fall SOUN results | SoundHound AI sinks on quarterly loss
fall BBAI results | BigBear.ai crashes after cutting its outlook
fall AMD results | AMD drops 8% on AI chip sales outlook
fall CRM results | Salesforce slides on weak forecast despite AI agent push
fall ADBE results | Adobe falls as forecast disappoints despite new AI tools
fall NOW results | ServiceNow falls on forecast even as AI demand grows
fall IBM results | IBM drops after results as consulting slows
fall SNOW results | Snowflake tumbles on product revenue forecast, AI costs
fall INTU results | Intuit falls on profit forecast
fall CHGG results | Chegg plunges as subscribers fall and forecast is cut
fall DUOL results | Duolingo drops on user growth miss
fall PLTR rating | AI stock Palantir falls after short seller report
fall SMCI rating | Super Micro sinks after Hindenburg short report
fall NVDA rating | Nvidia slides after rare downgrade
fall TTD results | Trade Desk crashes after missing its own forecast
fall GOOGL regulator | Google falls as judge rules on search monopoly
fall NVDA regulator | Nvidia drops on antitrust probe
fall ADBE regulator | Adobe slips after FTC sues
fall PLTR offering | Palantir slides as chief executive sells shares
fall BBAI offering | BigBear.ai drops on share offering
fall SMCI offering | Super Micro falls after pricing convertible notes
fall CRWD outage | CrowdStrike plunges after faulty update crashes computers
fall OKTA outage | Okta sinks after data breach
fall ^ tariffs | Stocks tumble on tariff fears
fall ^ macro | Nasdaq slumps as Fed signals fewer rate cuts
fall NVDA tariffs | Nvidia slumps with the market on tariffs
fall NVDA unknown | Nvidia falls 3%
fall NVDA unknown | Nvidia shares close lower
fall ADBE results own | Adobe falls after launching its AI video tool
fall GOOGL results own | Alphabet drops after unveiling Gemini 3
fall AAPL results own | Apple falls as its own AI disappoints
fall SNAP results | Snap drops after results even as its AI chatbot wins users
fall WDAY results | Workday slides after forecast misses
fall AMAT results | Applied Materials sinks on forecast
fall ASML results | ASML plunges as orders miss
fall AMAT+LRCX contagion | Applied Materials and Lam Research slide after ASML's results
fall MRVL contagion | Marvell falls as Broadcom's outlook disappoints
fall AMD contagion | AMD slips after Nvidia's forecast
fall PINS contagion | Pinterest drops as Snap's results disappoint
rise ^ contagion | Asian stocks surge as TSMC's results ease AI fears
rise ^ unknown | Nasdaq rebounds as DeepSeek fears fade
rise NVDA unknown | Nvidia rebounds as DeepSeek panic eases
rise NVDA | Nvidia jumps on AI demand
rise BABA | Alibaba soars after unveiling Qwen model
rise ~software | Software stocks rally after DeepSeek release
rise PLTR | Palantir soars as AI boom lifts forecast
rise DUOL | Duolingo leaps after OpenAI shows its app at launch
rise CHGG | Chegg shares surge after ChatGPT partnership
rise ORCL | Oracle soars on OpenAI contract
- | DeepSeek releases new model that needs fewer chips
- | Anthropic launches legal plugin for law firms
- | Anthropic unveils tool for freight brokers
- | OpenAI launches image generator, taking on Adobe
- | Thomson Reuters launches AI legal assistant
- | OpenAI raises $40 billion at $300 billion valuation
- | Anthropic pays staff record bonus
- | Chegg announces partnership with OpenAI
- | Nvidia unveils new AI chip
- | OpenAI and Microsoft in talks on contract
fall MSFT unknown | Microsoft slips after OpenAI signs cloud deal with Oracle
fall ORCL unknown | Oracle falls after xAI contract talks end
fall NVDA unknown | Nvidia dips as OpenAI raises funding
fall GOOGL unknown | Alphabet slips as Anthropic files for listing
fall CRM unknown | Salesforce drops as OpenAI pays record bonuses
none NVDA unknown | Nvidia could fall if DeepSeek is right
none ~software ai | Software stocks may slump as AI agents threaten seats, strategist says
*fall NVDA ai | A year after DeepSeek wiped $600bn off Nvidia
*fall NVDA ai | Nvidia fell last month on DeepSeek fears
*fall ~software ai | Recap: why software stocks fell this week on AI fears
*fall CHGG ai | In 2023 Chegg shares halved after ChatGPT warning
fall NVDA unknown | Nvidia falls despite DeepSeek's praise for its chips
fall PLTR policy | Palantir, the AI defence company, slides on Pentagon cuts
fall PLTR unknown | AI favourite Palantir drops for a third day
fall ANET results | Arista drops as AI orders fail to lift forecast
fall SMCI results | Super Micro slides as AI server delays hit quarter
fall ENPH tariffs | Enphase slides on tariff rules
fall AAPL tariffs | Apple sinks on China tariffs
fall INTC deal | Intel drops as chief executive steps down
fall NVDA results | Nvidia dips on report of Blackwell delays
fall NVDA spending object | Nvidia drops as Big Tech trims AI capex
fall SNOW deal | Snowflake plunges as chief executive retires; AI veteran takes over
fall GOOGL results object | Alphabet falls 7% as cloud growth slows and AI spending soars
fall MSFT results | Microsoft falls as cloud growth misses on AI capacity limits
fall DASH spending | DoorDash plunges on plan to spend more on AI and robots
fall PANW unknown | Palo Alto Networks plunges as customers show spending fatigue
"""

ROUNDUPS = """
rise PLTR results / fall TTD results | Earnings live: Palantir soars, Trade Desk pummelled, Starbucks cuts its forecast
rise NVDA / fall CHGG ai | Nvidia rises on demand; Chegg sinks as ChatGPT takes its students
fall NVDA tariffs / rise DUOL | Nvidia falls on tariffs, while Duolingo jumps after OpenAI demo
fall INTC results / rise NVDA | Intel sinks on results, Nvidia climbs
fall NVDA unknown / rise CRM | Nvidia falls while Salesforce rises after OpenAI launch
rise IBM / fall TRI ai | IBM gains, but Thomson Reuters slumps as Anthropic launches legal tool
fall TSLA results / fall CHGG ai | Tesla drops on deliveries, Chegg plunges after ChatGPT warning
fall UPS results / fall IBM results | UPS sinks on forecast; IBM slips on results; OpenAI launches GPT-6
fall SNAP results / rise RDDT | Snap crashes on outlook but Reddit soars as AI deals grow
fall WBA results / rise AVGO | Walgreens slumps on loss while Broadcom surges on AI forecast
rise GOOGL / fall MSFT spending | Alphabet climbs on Gemini, Microsoft falls on AI spending
fall NKE results / fall ADBE ai | Nike slides on forecast and Adobe drops after OpenAI launches image tool
rise CRM results / fall WDAY results | Software earnings: Salesforce jumps, Workday sinks
fall AAPL tariffs / fall NVDA ai | Apple slips on tariffs, Nvidia tumbles on DeepSeek
rise AMD / fall INTC unknown | AMD jumps on OpenAI deal, Intel falls
fall PFE unknown / rise NVDA | Pfizer falls; Nvidia rises as AI demand grows
rise META / fall PINS unknown | Meta soars as AI lifts ads, Pinterest falls
"""

SUMMARIES = """
fall TRI unknown / fall TRI ai | Thomson Reuters shares fall || Thomson Reuters dropped 9% on Tuesday after Anthropic released a legal plugin for Claude.
fall NVDA unknown / fall NVDA ai | Nvidia stock sinks || Shares tumbled 17% after Chinese startup DeepSeek released a cheaper model.
fall NVDA results | Nvidia slips after results || The company said demand for its AI chips stays strong.
fall ^ tariffs | Stocks slide on tariffs || OpenAI released a new model on Monday. Tariffs were on investors' minds.
fall CHGG unknown / fall CHGG ai | Chegg plunges || Chegg shares fell 45% after the company said students are turning to ChatGPT.
fall INTU results | Intuit falls on forecast || The maker of TurboTax has launched AI agents for its customers.
"""

SECOND = """
fall NVDA ai | Stock market today: Nasdaq futures steady, Nvidia slides 4% in early trading as investors weigh DeepSeek's cheaper model
fall NVDA ai | Nvidia (NVDA) stock sinks after Chinese AI lab DeepSeek claims its model needs a tenth of the computing power - Example News
fall NVDA+AMD+AVGO ai | Nvidia, AMD, Broadcom: chip giants lose billions as DeepSeek upends AI race
fall ~software unknown / fall ~software ai | Software rout: shares slump worldwide as Anthropic's Cowork plugins take on office work
fall ~software ai | "SaaSpocalypse": software stocks plunge after Anthropic agent launch
fall TRI ai | Thomson Reuters tumbles 16% on worries that Anthropic's tool will automate legal research
fall RELX+WKL.AS ai | RELX and Wolters Kluwer shares crash as AI start-up moves into law
fall ~legal-data ai | European legal-data firms dive as Claude plugin targets contract review
fall FDS ai | FactSet slides, with investors fearing AI agents could replace terminals
fall LPLA+SCHW ai | LPL Financial and Schwab sink as start-up's AI tool drafts tax plans in minutes
fall CBRE ai | CBRE tumbles most since 2020 as investors dump firms seen as vulnerable to AI
fall CHRW+RXO ai | C.H. Robinson and RXO plunge after former karaoke firm touts AI that fills trucks
fall IBM ai | IBM suffers worst day since 2000 after Anthropic touts COBOL tool
fall CRWD+ZS ai | CrowdStrike, Zscaler slide as Anthropic's Claude Code Security rattles cyber investors
fall MU+SNDK ai | Micron and Sandisk fall after Google reveals AI memory-compression method
fall DUOL ai | Duolingo shares dive 8% - OpenAI demo shows GPT-5 building a language-learning app
fall GOOGL ai | Alphabet sheds $150bn as Apple executive says AI search will replace Google
fall GOOGL ai | Google shares slide on launch of OpenAI's Atlas browser
fall GOOGL ai | Google parent Alphabet drops 5% after ChatGPT maker unveils web search
fall CHGG ai | Chegg plummets as CEO blames ChatGPT for slowing sign-ups
fall CHGG ai | Homework-help firm Chegg loses half its value over ChatGPT
fall COUR+CHGG+DUOL ai | Coursera, Chegg and Duolingo shares hammered as ChatGPT threat bites
fall ADBE ai | Adobe slips after Google's image editor goes viral, stoking AI competition fears
fall WIX ai | Wix drops 9% after OpenAI adds website builder to ChatGPT
fall EXPE+TRIP ai | Expedia, Tripadvisor slide after OpenAI lets ChatGPT book hotels
fall TTWO ai | Grand Theft Auto maker Take-Two sinks 8% after Google opens AI world generator to public
fall TEP.PA ai | Teleperformance plunges in Paris after Klarna says AI assistant does work of 700 people
fall ACN+CTSH ai | Accenture and Cognizant hit as OpenAI launches consulting agents
fall WPP ai | WPP shares slump to decade low on fears AI will replace ad agencies
fall SPOT ai | Spotify dips as AI music generator lures listeners
fall ~crypto-miners ai | Bitcoin miners tumble as DeepSeek casts doubt on AI data centre plans
fall GEV+VST ai | GE Vernova, Vistra crater as DeepSeek's frugal model threatens power boom
fall NBIS ai | Nebius crashes 37% after DeepSeek shows AI can be built on the cheap
fall ^ ai | Stocks sink as China's DeepSeek jolts Wall Street
fall ^ ai | Nasdaq loses $1 trillion as low-cost Chinese AI model shocks investors
fall IGV unknown / fall ~software ai | IGV slides: software stocks sink for a sixth day as AI disruption fears spread
fall V ai | Visa falls after OpenAI's checkout agent bypasses card networks
fall HPE results | HPE tumbles as AI server margins squeeze profit
fall DELL results | Dell sinks on AI server margin worries after results
fall SMCI results | Super Micro Computer stock plunges on preliminary results, AI order delays
fall NVDA unknown label | Nvidia falls for third day as AI darlings lose steam
fall ARM results | Arm slides as forecast falls short of AI hopes
fall QCOM spending object | Qualcomm drops despite beating forecasts as AI phone demand cools
fall AMD results | AMD stock tumbles on data-center sales miss as AI rivals gain
fall AVGO spending | Broadcom falls as investors question AI customer spending
fall META spending object | Meta sinks 11% as Zuckerberg's AI spending spree alarms investors
fall META spending object | Meta tumbles after lifting AI capex
fall MSFT spending object | Microsoft drops 6% as heavy AI spending overshadows cloud growth
fall AMZN spending object | Amazon slides on $200bn AI capex plan
fall ORCL spending object | Oracle plunges as AI spending balloons and debt mounts
fall CRWV results | CoreWeave slumps on data center delay
fall ^ spending object | Global stocks slide as AI bubble worries return
fall ~ai-chips spending object | Chip stocks fall as investors fret over AI payoff
fall NVDA spending object | Nvidia drops as Burry bets against AI boom
fall NVDA spending object | Nvidia slides after report says Meta in talks to use Google's chips
fall NVDA spending object | Nvidia dips as OpenAI turns to Google's TPUs
fall ~power-generation spending object | Power stocks drop as analysts say Microsoft scraps data center leases
fall CEG policy | Constellation Energy drops after regulator rejects data center deal
fall NVDA policy | Nvidia shares drop as Commerce Department weighs AI chip curbs
fall ASML policy | ASML falls on fresh US export restrictions for AI chips
fall ^ macro | Nikkei tumbles 12% as yen surges and AI trade unwinds
fall PLTR unknown label | AI stock Palantir falls again: here's why
fall SOUN offering | SoundHound AI sinks after Nvidia sells stake
fall AI deal | C3.ai slides as founder Siebel steps down
fall AI rating | C3.ai drops after downgrade to sell
fall PATH results | UiPath plunges 30% on forecast and CEO exit
fall TWLO results | Twilio drops as AI customers fail to lift outlook
fall EPAM results | EPAM sinks on weak outlook as clients pause AI projects
fall FVRR results | Fiverr falls on revenue miss
fall WDAY results | Workday slips as sales forecast trails, cites AI shift
fall CRM results | Salesforce slides on disappointing outlook; Agentforce sales grow
fall SNOW results | Snowflake tumbles as margin forecast hit by AI costs
fall CHGG regulator | Chegg falls after suing Google
fall GOOGL ai | Alphabet tumbles after its chatbot Bard botches a demo
fall BIDU results own | Baidu drops after unveiling its ChatGPT rival
fall BIDU results own | Baidu shares slide as Ernie Bot launch underwhelms
fall GOOGL results own | Google slips after pausing Gemini image tool
fall AAPL results | Apple drops after Siri AI upgrade delay
fall TSLA unknown | Tesla slides as Musk's xAI raises $6 billion
fall MSFT unknown | Microsoft slips as OpenAI board ousts Altman
fall GOOGL spending | Alphabet dips as Anthropic picks Amazon chips
fall ADBE deal | Adobe plunges on $20 billion Figma takeover
fall CSCO spending | Cisco falls as AI orders slow
rise NVDA | Nvidia climbs as DeepSeek fears ebb
rise CHGG | Chegg jumps after unveiling AI tutor built on GPT-4
rise ~software | Software stocks rebound as AI disruption fears ease
rise ^+~ai-chips | Asian chip stocks and Nikkei rally after Micron's AI forecast
rise CRWD | CrowdStrike surges as Anthropic fears prove overblown
rise TRI | Thomson Reuters gains after joining hands with Anthropic
rise IBM | IBM rebounds after COBOL scare
none ~software | Will AI agents sink software stocks?
none NVDA | Could DeepSeek make Nvidia fall further?
none CHGG | Chegg might fall again as ChatGPT grows
- | ChatGPT will replace Google, says analyst
- | Is AI coming for Thomson Reuters?
- | Anthropic's plugin threatens legal publishers, lawyers say
- | DeepSeek founder meets premier
- | OpenAI cuts prices of GPT-5
- | OpenAI drops lawsuit against publisher
- | Microsoft drops OpenAI model from Copilot
rise NVDA | Nvidia hits record market value
- | Slide deck leak shows Google's AI plans
rise NVDA | How Nvidia recovered: months after DeepSeek wiped $600bn off its value
*fall ~software ai | Week in review: software stocks slump on Anthropic plugins
*fall IBM ai | IBM stock, down last week on COBOL fears over Claude, steadies
fall NVDA unknown | Nvidia slips even as DeepSeek fears fade
fall NVDA tariffs | Nvidia drops on tariff news, not DeepSeek
fall ~ai-apps results | AI stock tumbles on earnings
fall PLTR unknown | Palantir tumbles; here's what AI investors should do
fall NVDA contagion | Nvidia falls after Micron's weak outlook
fall MRVL+ANET contagion | Marvell, Arista drop as Microsoft's results disappoint
fall RDDT contagion | Reddit falls after Google's results
"""

SECOND_CHINESE = """
fall NVDA ai | DeepSeek来袭，英伟达一夜蒸发4万亿元
fall NVDA+AVGO ai | DeepSeek低成本模型冲击，英伟达、博通股价重挫
fall ~memory ai | 谷歌新压缩算法引发担忧，存储股大跌
fall TRI ai | Anthropic发布法律插件，Thomson Reuters股价暴跌
fall ~cybersecurity ai | Anthropic代码安全工具发布后，网安股集体下跌
fall ~power-generation ai | 受DeepSeek影响，美股电力股大跌
fall NVDA results | 英伟达财报不及预期，股价下跌
fall NVDA unknown | 美国收紧AI芯片出口管制，英伟达大跌
fall META spending | Meta股价大跌，因AI资本开支高于预期
fall ^ tariffs | 关税担忧拖累美股，纳指跌超3%
rise BABA | 阿里巴巴发布新模型，股价大涨
rise ^ | DeepSeek带动港股科技股大涨
- | DeepSeek发布新模型，成本仅为十分之一
fall ~ai-apps | AI概念股集体下跌
"""

THIRD = """
fall NVDA ai | Nvidia gets pounded as DeepSeek proves frontier AI need not cost billions
fall NVDA ai | DeepSeek just erased more value from Nvidia than most companies are worth
fall NVDA ai / fall NVDA ai | Nvidia's $600bn wipeout: how DeepSeek spooked the market
fall ~ai-chips ai | Semiconductor stocks get crushed after DeepSeek stuns Silicon Valley
fall ~ai-chips ai | Selloff in chip stocks accelerates as traders digest DeepSeek's efficient model
fall ^ ai | DeepSeek triggers $1 trillion stock market rout
fall ~software ai | Software shares extend losses as Anthropic rolls out finance agents
fall ~software ai | Traders dump software stocks as AI agents get better at coding
fall ~software ai | Another leg down for software stocks as OpenAI debuts enterprise agents
fall ~software ai | Anthropic's Claude Cowork triggers brutal selloff in software stocks
fall CRM+NOW+WDAY ai | Salesforce, ServiceNow, Workday sell off as Claude agents loom
fall TRI ai | Thomson Reuters stock in freefall as Anthropic targets lawyers
fall TRI ai | Anthropic legal tool wipes $8 billion off Thomson Reuters
fall RELX ai | RELX shares nosedive as AI legal plugin raises fears of obsolescence
fall LSEG.L ai | London Stock Exchange Group slides on fears AI will upend data business
fall EXPN.L ai | Experian drops as investors worry Anthropic's tools could replicate its services
fall ~it-services ai | Indian IT shares bleed as Anthropic tools threaten outsourcing model
fall ~it-services ai | Nifty IT sinks 6% on Anthropic shock
fall IBM ai | IBM craters as AI tool promises to untangle COBOL
fall ~insurance-brokers ai | Insurance brokers battered by ChatGPT app that compares policies
fall ~wealth ai | Wealth manager stocks pummeled as AI startup automates tax advice
fall SCHW ai | Charles Schwab dips 9% as Altruist launches AI tax planner
fall ~property-brokers ai | AI anxiety spreads to commercial property brokers, shares plunge
fall ~freight-brokers ai | Logistics stocks routed after micro-cap unveils AI freight platform
fall CHRW ai | C.H. Robinson hit by AI scare trade
fall ~cybersecurity ai | Cybersecurity shares sold off after Anthropic's bug-hunting AI
fall CRWD ai | CrowdStrike loses 8% as Claude Code Security debuts
fall U ai | Unity stock tanks: Google's Genie 3 makes game worlds from text
fall RBLX ai | Roblox shares slump amid Project Genie buzz
fall CHGG ai | Chegg shares nearly halved on AI fears
fall CHGG ai | ChatGPT cheats Chegg out of customers; stock plunges 48%
fall CHGG ai | Chegg CEO admits ChatGPT is taking students, shares crash
fall DUOL ai | Duolingo sinks as Google Translate adds AI practice
fall ADBE ai | Adobe's stock slips on concerns over competition from OpenAI's Sora
fall ADBE ai | Adobe drops as Sora wows Hollywood
fall GOOGL ai | Alphabet falls most in a year on ChatGPT search threat
fall GOOGL ai | Google's shares fall as Samsung considers switch to AI-powered Bing
fall TEP.PA ai | Teleperformance crashes as fears mount over AI chatbots
fall FVRR ai | Fiverr stock slides as ChatGPT threatens gig work
fall WIX ai | Wix tumbles on fears of AI website builders
fall MU+~memory ai | Micron leads memory stocks lower after Google's compression breakthrough
fall ~data-centres ai | Data-centre stocks dive after DeepSeek upends assumptions on AI capacity
fall VST ai | Vistra leads utilities lower as DeepSeek threatens AI power demand
fall GEV ai | GE Vernova tumbles as DeepSeek clouds outlook for AI electricity
fall ANET ai | Arista shares plunge 22% in wake of DeepSeek
fall SAP ai | SAP slides as investors fear being disrupted by AI
fall TEAM ai | Atlassian hits record low as AI coding agents erode confidence
fall PYPL unknown | PayPal slips after OpenAI teams up with Stripe on checkout
fall NVDA unknown / rise ? | Nvidia falls; Anthropic launches legal plugin; oil climbs; gold steady
fall NVDA unknown | Nvidia drops after CEO Huang says AI competition is healthy
fall NVDA unknown | Nvidia tumbles, dragging AI stocks
fall CHGG results | Chegg drops on results; AI tutor fails to stem losses
fall DUOL results | Duolingo plunges as bookings forecast disappoints despite AI features
fall TRI results | Thomson Reuters slides on margin miss; touts AI assistant
fall CRM results own | Salesforce dips after buying AI startup
fall MSFT spending | Microsoft sinks as investors balk at AI bill
fall GOOGL results | Alphabet slips on results though Gemini users double
fall META results / rise ? | Meta drops after forecast; AI glasses sales rise
fall NVDA results object | Nvidia falls on report that OpenAI missed data center targets
fall ORCL results | Oracle slides as results miss; AI backlog swells
fall SNOW results | Snowflake sinks on outlook as AI products lag
fall ADBE rating | Adobe falls after analyst downgrade on AI competition
fall CRM rating | Salesforce slips as broker downgrades on AI worries
fall ^ policy | Chip-heavy Nasdaq sinks on AI export rule
fall ^ spending | Wall Street ends lower as AI trade falters on spending worries
fall ~software contagion | Software stocks slip on weak Salesforce forecast
fall PLTR unknown label | AI star Palantir plunges
fall PLTR tariffs label | AI trade darling Palantir sinks on tariff rout
rise NVDA | Nvidia bounces back after DeepSeek rout
rise ~software | Software shares recover from Anthropic scare
- | DeepSeek is a wake-up call, Trump says
- | Anthropic's CEO warns AI will wipe out half of entry-level jobs
- | OpenAI chief says ChatGPT users doubled
- | Legal plugin from Anthropic reviews contracts
- | Nvidia supplier unveils AI memory
"""

FOURTH = """
fall NVDA spending | Nvidia stock slips as Anthropic strikes chip deal with Amazon
fall NVDA spending object | Nvidia slides as Google pitches TPUs to Meta
fall AMD unknown | AMD falls as OpenAI chooses Broadcom
fall INTC results | Intel plunges as AI strategy fails to offset weak sales
fall CRM results own | Salesforce slips after debut of its AI agents
fall NOW results | ServiceNow tumbles 12% on sales outlook; company bets on AI agents
fall MSFT results | Microsoft drops after Azure growth misses, OpenAI losses weigh
fall GOOGL spending | Alphabet shares sink 8% after AI capex forecast tops estimates
fall AAPL results | Apple slides as analyst warns of weak iPhone AI demand
fall AAPL tariffs | Apple falls on tariffs; Siri overhaul with Gemini planned
fall TSLA results | Tesla drops after deliveries miss as Musk touts AI robots
fall NVDA unknown | Nvidia closes lower ahead of GTC
fall NVDA macro | Nvidia, down 6%, leads rout on recession fears
fall SMCI results | Super Micro plunges as AI server maker delays annual report
fall SMCI regulator | Super Micro sinks after auditor quits AI server maker
fall ARM spending | Arm tumbles after report of AI data center slowdown
fall VRT results | Vertiv falls on outlook even as AI orders boom
fall VST macro | Vistra falls as yields rise and AI power trade cools
fall CEG policy | Constellation Energy sinks after FERC rejects AI data centre rule
fall OKLO offering | Oklo slides on share sale after AI power rally
fall ? offering | Iren drops on convertible notes to fund AI cloud
fall NBIS spending | Nebius slides as AI spending doubts resurface
fall PLTR rating | Palantir sinks after Citron calls AI darling overvalued
fall PLTR offering | Palantir slips as insiders sell AI stock
fall AI offering | C3.ai drops on insider sales
fall SOUN spending | SoundHound falls 10% as AI hype fades
fall UPWK results | Upwork drops on outlook, cites AI investment
fall CHGG regulator | Chegg slides after antitrust lawsuit against Google over AI overviews
fall DUOL unknown | Duolingo slips as CEO defends AI-first memo
fall DUOL spending | Duolingo tumbles as it spends on AI and margins shrink
fall FDS results | FactSet drops on guidance as it invests in AI
fall TRI results | Thomson Reuters falls after quarterly results; AI revenue up
fall EPAM results | EPAM slumps on forecast, says AI slows hiring
fall ACN results | Accenture slides as federal cuts hit outlook; AI bookings grow
fall IBM results | IBM falls on software miss; AI book of business at $6 billion
fall ADBE results | Adobe sinks 13% as AI revenue outlook disappoints
fall FIG results | Figma slumps on first results since listing as AI costs bite
fall UNH regulator | UnitedHealth falls on probe into AI claims denials
fall MA policy | Mastercard slips on credit card bill
fall META regulator | Meta slips as judge lets AI copyright case proceed
fall GETY regulator | Getty Images drops after losing AI copyright case
fall NVDA policy | Nvidia slides after China bans purchases of its AI chips
fall NVDA policy | Nvidia falls as Beijing probes it; DeepSeek to use Huawei chips
fall ~ai-chips macro | Chip stocks slide as yen carry trade unwinds
fall ~ai-chips contagion | Chip stocks sink after Intel's results
fall ~software spending | Software stocks slip as firms shift budgets to AI spending
fall ^ unknown label | Nasdaq dips as AI rally pauses
fall ^ macro | Wall Street slides as hot CPI hits AI highflyers
fall ^ contagion | Futures fall after Alphabet and AMD results
rise DUOL | Duolingo climbs despite ChatGPT fears
rise ADBE | Adobe gains after OpenAI's image tool disappoints
rise NVDA | Nvidia pares losses, ends higher after DeepSeek scare
rise ~cybersecurity | Cyber stocks jump as AI hacking fears boost demand
rise ~memory | Memory stocks soar on AI demand
- | Anthropic to let Claude work with Thomson Reuters data
- | Salesforce and OpenAI expand partnership
- | How AI agents could change software
- | DeepSeek app tops download charts
- | Chegg cuts 22% of staff as AI hurts traffic
none NVDA | Nvidia will not fall because of DeepSeek, says analyst
*fall NVDA unknown | Nvidia shareholders sue over last year's DeepSeek plunge
fall ~software ai | Software stocks tumble, with investors spooked by Claude plugins
fall TRI ai | Thomson Reuters skids as Claude adds legal research
fall NVDA ai | DeepSeek fears pummel Nvidia
fall GOOGL ai | Alphabet swoons after ChatGPT adds shopping search
fall IBM ai | IBM buckles under threat from Claude's COBOL skills
fall ~wealth ai | Wealth stocks swoon on AI advice tool
fall WKL.AS ai | Wolters Kluwer plummets in Amsterdam after Anthropic plugin launch
fall INFY ai | Infosys slumps on Anthropic's new enterprise tool
fall CRWD ai | CrowdStrike slides on Anthropic's security scanner
fall CHRW ai | C.H. Robinson nosedives as AI freight upstart claims it can replace brokers
fall U ai | Unity plunges on Google Genie launch
fall ~education ai | Online education stocks rocked by ChatGPT tutor
fall MU ai | Micron dives on Google's memory-saving AI algorithm
fall VST ai | Vistra tumbles 28% as DeepSeek jolts AI power bets
"""

FIFTH = """
fall NVDA ai | Nvidia leads chip rout after DeepSeek claims breakthrough on old hardware
fall ASML ai | ASML stumbles in Amsterdam as DeepSeek's thrift unsettles chip investors
fall SU.PA ai | Schneider Electric tumbles on DeepSeek jitters
fall ~power-equipment ai | Electrical-equipment makers sink as DeepSeek questions need for data centres
fall CRM ai | Salesforce stock hits 52-week low as AI agents from OpenAI encroach
fall ADBE ai | Adobe shares extend decline after Google debuts Nano Banana image model
fall HUBS+MNDY ai | HubSpot and monday.com crater on fear that vibe coding replaces software
fall MNDY ai | monday.com plunges as Claude Code builds project software in minutes
fall TRI ai | Thomson Reuters: shares plunge after Anthropic unveils legal plugin
fall LZ ai | LegalZoom sinks 20% after Claude plugin for contracts
fall EXPN.L+RELX ai | Experian and RELX tumble as Anthropic shock reaches London
fall PUB.PA+WPP ai | Publicis, WPP hit by fears of AI-made ads from Meta
fall GOOGL ai | Alphabet off 5% after OpenAI reveals search product
fall GOOGL ai | Google stock dives on Bing with ChatGPT
fall CHGG ai | Chegg in free fall after ChatGPT warning
fall COUR+UDMY ai | Coursera and Udemy slide as ChatGPT study mode debuts
fall UPWK ai | Upwork drops 8% after OpenAI launches jobs platform
fall ZIP ai | ZipRecruiter sinks on OpenAI jobs platform
fall Z ai | Zillow stumbles as ChatGPT begins listing homes
fall KLAR unknown | Klarna drops on weak debut
fall ABNB ai | Airbnb slips after ChatGPT starts booking stays
fall INTU+HRB ai | Intuit and H&R Block slump after ChatGPT files taxes
fall SPOT ai | Spotify shares fall after ElevenLabs launches AI music service
fall EA ai | Electronic Arts drops on Google's AI game generator
fall ~software unknown / fall ~software ai | Software meltdown: sector ETF tumbles as Anthropic unveils Claude agents
fall NVDA offering object | Nvidia drops as SoftBank sells stake to fund OpenAI bet
fall NVDA unknown | Nvidia falls as OpenAI deal stalls
fall ORCL spending object | Oracle slides on report OpenAI may cut data center spending
fall AMD results | AMD falls after earnings as MI300 AI chip sales disappoint
fall MDB results | MongoDB dives on forecast cut; AI apps slow to take off
fall DDOG results | Datadog drops on outlook as OpenAI trims usage
fall TEAM deal | Atlassian slides as finance chief departs, AI push continues
fall PATH rating | UiPath falls after downgrade citing AI agents
fall GTLB results | GitLab slumps after guidance; AI features roll out
fall CRWD regulator | CrowdStrike slips on Delta lawsuit
fall SNAP results | Snap plunges on revenue warning, launches AI glasses
fall CVNA rating | Carvana tumbles on short report
fall ^ policy | Stocks sag as White House mulls AI chip limits
fall ~ai-chips contagion | Chipmakers slide after Samsung's weak AI memory outlook
rise GOOGL | Alphabet rallies after Gemini 3 launch
rise NVDA | Nvidia gains as DeepSeek's claims questioned
- | Anthropic's valuation triples as Claude booms
- | OpenAI sued by publishers over training data
"""

SIXTH = """
fall ~software ai | Software stocks sink as Anthropic's new agent rattles investors
fall CRM ai | Salesforce shares fall 6% after OpenAI unveils agent for sales teams
fall ~software ai | Software stocks extend slide as AI disruption fears mount
fall ~software ai | US software selloff deepens on fears AI will upend business models
fall ~software ai | European software stocks tumble as AI jitters cross the Atlantic
fall TEAM unknown / fall ~software ai | Why Atlassian Shares Are Trading Lower Today || Shares of software companies are trading lower after Anthropic launched a new coding tool.
fall NOW unknown / fall NOW ai | Here's Why ServiceNow Stock Plunged 11% Today || Investors are worried that artificial intelligence agents will eat into seat-based software.
fall TRI ai | Thomson Reuters shares drop 12% on Anthropic's new legal tool
fall RELX ai | RELX sinks as much as 14% on Claude legal plug-in
fall WKL.AS ai | Wolters Kluwer tumbles to two-year low as Anthropic moves into legal work
fall ^+~legal-data ai | Legal data and publishing stocks hammered by new AI tool
fall LSEG.L+RELX ai | London's Relx and LSEG lead FTSE 100 lower after Anthropic tool sparks AI fears
fall ~it-services ai | Indian IT stocks crash up to 8% as Anthropic launches AI automation tool
fall INFY+TCS.NS+WIT ai / fall ^ ai | Infosys, TCS, Wipro shares tank up to 7%: How Anthropic's new tool spooked Dalal Street
fall ~it-services ai | Nifty IT plunges 6%, worst day since 2020, as AI threat looms over outsourcing
fall ~it-services unknown / fall ~it-services ai | IT stocks bleed! Rs 2 lakh crore wiped out as AI fears grip Dalal Street
fall INFY ai | Infosys ADR slumps 9% overnight amid AI disruption worries
fall CTSH+EPAM ai | Cognizant, EPAM slide after OpenAI launches consulting arm
fall ACN ai | Accenture falls to lowest since 2020 as AI threatens consulting model
fall IBM ai | IBM shares plunge 13% after Anthropic says Claude can modernise COBOL
fall IBM ai | IBM is the latest AI casualty. Shares are tanking on Anthropic programming language threat
fall ~cybersecurity ai | Cybersecurity stocks drop as Anthropic unveils Claude Code Security
fall CRWD+NET+ZS ai | CrowdStrike, Cloudflare and Zscaler sink after Anthropic debuts code-scanning tool
fall CRWD unknown / fall ~cybersecurity ai | Why CrowdStrike stock dropped today || Cybersecurity stocks sold off after a report that Anthropic is testing a powerful model able to find software flaws on its own.
fall ~cybersecurity ai | Cyber stocks slammed by leak of Anthropic's Mythos model
fall RJF+SCHW ai | Schwab, Raymond James and LPL tumble as AI tax-planning tool stokes disruption fears
fall SCHW ai | Charles Schwab stock slides 7% after startup launches AI tool for wealth advisers
fall STJ.L ai / fall ~wealth ai | St James's Place plunges 13% as AI fears hit UK wealth managers
fall ~wealth ai | Wealth management stocks are the latest victims of the AI scare trade
fall ~insurance-brokers ai | Insurance brokers slump after OpenAI approves insurance app in ChatGPT
fall AON+WTW ai | WTW, Gallagher and Aon shares sink as Insurify launches ChatGPT comparison tool
fall ~insurance-brokers ai | Insurance broker stocks suffer worst day since 2008 as AI panic spreads
fall ~freight-brokers ai | Trucking stocks crushed after former karaoke company touts AI logistics platform
fall ~freight-brokers ai | Logistics stocks are the latest to get clobbered by AI fears
fall DSV.CO+KNIN.SW ai | DSV, Kuehne+Nagel shares slide as AI concerns spread to European freight forwarders
fall CBRE+JLL ai | CBRE and JLL suffer steepest drop since Covid as AI scare trade hits property services
fall ~property-brokers ai | Real estate services stocks sink on fears AI will replace brokers
fall CSGP ai | CoStar slides 9% as investors weigh threat from AI search
fall ~games ai | Video game stocks slide after Google unveils Project Genie AI world generator
fall RBLX+TTWO+U ai | Take-Two, Roblox and Unity shares tumble on Google's AI game-world tool
fall CHGG ai | Chegg shares halve after CEO says ChatGPT is hurting growth
fall CHGG ai | ChatGPT is hurting our growth, says Chegg; shares plunge 48%
fall PSON.L ai | Pearson shares fall 15% after Chegg warning on ChatGPT
fall DUOL ai | Duolingo stock drops after OpenAI demos language tutoring in GPT-5
fall DUOL ai | Duolingo slides as Google Translate adds AI language-learning features
fall GOOGL ai | Alphabet shares fall after OpenAI launches Atlas browser
fall GOOGL ai | Alphabet tumbles 7% after Apple's Cue says AI will replace search engines
fall GOOGL ai | Google parent slides as OpenAI announces search product
fall OMC+PUB.PA+WPP ai | WPP, Publicis and Omnicom shares fall on report Meta to fully automate ads with AI
fall WPP ai | WPP hits lowest since 1998 as AI threat clouds outlook for agencies
fall TTD ai | Trade Desk shares sink as OpenAI's ad push raises competition fears
fall NVDA ai | Nvidia loses nearly $600 billion in value as DeepSeek sparks tech rout
fall ~ai-chips ai | Chip stocks sell off as China's DeepSeek shakes faith in U.S. AI lead
fall ASML ai | ASML tumbles 8% on Chinese AI model shock
fall NVDA ai | Nvidia drops 17% as low-cost Chinese AI model raises questions over chip demand
fall ^ ai | Nasdaq futures slide 3% as Chinese startup's cheap AI model spooks Wall Street
fall AVGO+MRVL ai | Broadcom, Marvell crater as DeepSeek upends AI trade
fall 6857.T+8035.T ai / fall ~ai-chips ai | Advantest, Tokyo Electron sink as DeepSeek jolts Japan chip stocks
fall MU+SNDK ai | Micron, SanDisk slide after Google's TurboQuant compression cuts AI memory needs
fall ~memory ai | Memory stocks slump as Google research shows AI models can run on a sixth of the memory
fall 000660.KS+005930.KS ai | Samsung, SK Hynix shares fall as Google's new algorithm stokes memory demand fears
fall VST ai | Vistra, Constellation plunge more than 20% after DeepSeek casts doubt on AI power demand
fall ENR.DE ai | Siemens Energy shares plummet 20% as Chinese AI model rattles sector
fall SU.PA ai | Schneider Electric slumps 9% on DeepSeek fallout
fall ~staffing ai | Staffing stocks slide as AI agents threaten white-collar hiring
fall FVRR+UPWK ai | Upwork and Fiverr shares fall after OpenAI launches jobs platform
fall AXP+MA+V ai | Visa, Mastercard and American Express drop as Citrini report on AI agents spooks market
fall ~payments ai | Payments stocks tumble on warning AI agents could bypass card fees
fall TEP.PA ai | Teleperformance shares crash 20% as Klarna says AI assistant does work of 700 agents
fall CNXC ai | Concentrix sinks on worries AI chatbots will replace call centres
fall FDS ai | FactSet plunges 10% after Anthropic releases financial research model
fall MCO+SPGI ai | S&P Global, Moody's shares hit by Anthropic's push into financial analysis
fall FDS+MSCI ai | FactSet and MSCI lead data-provider rout as Claude Opus 4.6 takes on financial research
fall IT ai | Gartner shares collapse as AI casts shadow over research business
fall FIG ai | Figma shares slide after Anthropic launches Claude Design
fall WIX ai | Wix shares sink on vibe-coding worries
fall SSTK ai | Getty, Shutterstock shares slide after OpenAI debuts image generator
fall ~software ai | Software shares battered by AI worries for third straight day
fall INTU ai | Intuit hit hard as traders fret over Anthropic's tax assistant
fall SAP ai | SAP dragged to 18-month low by AI disruption angst
fall EXPN.L ai | Experian shares rattled by AI threat, down 7%
fall KKR+OWL ai | Blue Owl, Ares and KKR hit as AI fears over software loans spread
fall ~software ai | Anthropic blamed as $285 billion is wiped off software stocks
fall WDAY ai | Workday's stock is down 8%. Blame AI agents.
fall LZ ai | LegalZoom sinks 20%, with traders pointing to Anthropic's plugin
fall CRM+WDAY ai | Anthropic unveils office agent, sending Salesforce and Workday shares lower
fall ~wealth ai | AI startup's tax tool wipes billions off brokerage stocks
fall ~it-services ai | Anthropic's plugins trigger rout in Indian IT stocks
fall ~software ai | OpenAI's Frontier launch knocks software shares
fall MNDY ai | AI coding boom sends Monday.com shares to record low
fall ^ unknown / fall ~software ai | 'SaaSpocalypse' hits Wall Street as AI agents trigger software rout
fall ~software ai | 'Get me out': Traders dump software stocks as AI fears erupt
fall INFY+WIT ai | 'Death knell for outsourcing?' Infosys, Wipro sink after Anthropic launch
fall ~software ai | $300bn wiped off software and data groups as Anthropic tool fuels AI panic
fall NVDA unknown / fall NVDA ai | Nvidia's $589bn rout: DeepSeek triggers biggest one-day loss in US history
fall TCS.NS ai | TCS m-cap slips below Rs 10 lakh crore as AI fears drag stock 4%
fall ~software ai | CRM, NOW, ADBE: Software stocks fall as Anthropic expands Claude Cowork
fall CRWD ai | CrowdStrike (CRWD) slides 9% on Claude security launch
fall GTLB ai | GitLab (NASDAQ:GTLB) stock plunges as Anthropic ships code review agent
fall ^ ai / fall ~software ai | Stock market today: Dow, S&P 500, Nasdaq slide as AI disruption fears slam software
fall ^ unknown / fall NVDA ai | Stock market live: Nasdaq plunges 3%, Nvidia craters as DeepSeek shock hits tech
fall ^ unknown / fall ~publishing+~software ai | European shares end lower as AI worries weigh on media and software stocks
fall ^ unknown / fall ~it-services ai | Closing Bell: Sensex falls 900 pts, Nifty below 25,600; IT stocks drag on AI worries
fall IBM ai | IBM posts worst day since 2000 as Claude takes aim at COBOL
fall ADBE+FIG ai | Adobe, Figma slide after Gemini gets design tools
fall GTLB ai | GitLab shares slump as Codex update targets code review
fall DOCU ai | DocuSign tumbles 12% after OpenAI shows in-house contract tool DocuGPT
fall INTU ai | Intuit slides as Claude learns to file taxes
fall SNOW ai / fall ~software ai | Snowflake falls despite strong forecast as AI fears weigh on software
fall SAP ai | SAP slides despite record cloud backlog as investors fret about AI disruption
fall CHGG ai | Chegg blames Google's AI Overviews for traffic collapse; stock sinks
fall ZD ai | Ziff Davis, Dotdash owner slump as AI search guts traffic
fall PRX.AS ai | Prosus slips as AI chatbots hollow out Stack Overflow traffic
fall ~software ai | What is Claude Cowork, the AI tool that sent software stocks tumbling?
fall ORCL ai | Oracle stock falls 13% as DeepSeek calls Stargate into question
fall ~software ai | Chinese software shares in Hong Kong fall, tracking US peers, on AI disruption fears
fall 6702.T ai | NEC, Fujitsu tumble as Anthropic shock reaches Japan's IT services firms
fall EXPE unknown / fall ~consumer-internet ai | Expedia Stock Takes a Dive || The online travel agency fell 9% after OpenAI said ChatGPT users can book hotels directly.
fall Z unknown / fall Z ai | Zillow shares under pressure || Zillow slumped 10% as Google began testing home listings inside its AI search mode.
fall ^ unknown / fall LSEG.L ai | FTSE 100 closes lower || London Stock Exchange Group slid 12% and Relx 14% after Anthropic launched a plug-in that automates legal and data work.
fall INTU unknown / fall INTU ai | Why Intuit Stock Tumbled Today || Shares of Intuit fell 7% on Tuesday after Anthropic released plug-ins for its Cowork agent, including one for accounting.
fall DOCU ai | What's Going On With DocuSign Stock? || DocuSign shares are trading lower Wednesday after OpenAI revealed a contract tool it uses internally.
fall U unknown / fall U ai | Why Unity Stock Crashed Today || Google's Project Genie lets users create playable worlds from a prompt, and investors fear it could displace game engines.
*fall WIX unknown / fall ~software ai | Why Wix.com stock is down big this week || The website builder has been swept up in a sell-off of software names seen as vulnerable to generative AI.
fall RHI unknown / fall ~staffing ai | Why Robert Half Stock Sank on Monday || Staffing shares fell as investors fretted that AI agents would take over routine office work.
fall EFX unknown / fall EFX ai | Equifax Stock Is Falling. What's Behind the Drop. || Data providers are being sold on fears that AI models could replicate their products.
fall LSTR unknown / fall ~freight-brokers ai | Why Landstar System Shares Dropped Today || The trucking broker was caught up in a sector-wide rout sparked by a small company's AI freight tool.
fall GSHD unknown / fall ~insurance-brokers ai | Goosehead Insurance shares plunge || Insurance distributors sold off after ChatGPT began offering home insurance quotes.
fall JLL unknown / fall JLL ai | JLL shares slide 12% in worst day since 2020 || Brokers fear that AI will take over the high-fee, labour-intensive work of commercial property firms.
fall MORN unknown / fall MORN ai | Morningstar hits 52-week low || The stock fell after Anthropic's Claude gained connectors for equity research.
fall G unknown / fall G ai | Genpact slumps 9% || The outsourcer joined a broad decline in services shares as AI automation worries deepened.
fall EPAM unknown / fall ~it-services ai | EPAM Systems falls 13% || IT consultancies slid after Anthropic announced a joint venture to deploy Claude at large companies.
fall ^ unknown / fall 000660.KS+005930.KS unknown / fall ~memory ai | Kospi slides 3%, Samsung and SK Hynix lead losses || Memory makers fell after Google published a technique to shrink the memory footprint of AI models.
fall ENR.DE unknown / fall ENR.DE ai | Siemens Energy plummets 20% || The power equipment maker tumbled after a Chinese start-up said it had trained an AI model on a fraction of the computing power.
fall ^ unknown / fall ~ai-chips unknown / fall 8035.T+9984.T ai | Nikkei falls as chip shares drag || SoftBank and Tokyo Electron declined as a low-cost model from China's DeepSeek raised doubts about demand for advanced chips.
fall HCLTECH.NS+WIT unknown / fall ~it-services ai | Wipro, HCLTech among top Nifty losers || IT shares declined for a second session as Anthropic's new enterprise tools raised concerns over the sector's pricing.
fall COFORGE.NS+PERSISTENT.NS unknown / fall ~it-services ai | Coforge, Persistent Systems fall up to 10% || Midcap IT names cracked on concerns that generative AI will compress billing rates, analysts said.
fall CHGG unknown / fall CHGG ai | Chegg to cut 45% of jobs; shares drop || The education company cited the new realities of AI and reduced traffic from Google to content publishers.
fall ABNB+EXPE unknown / fall ~consumer-internet ai | Booking, Airbnb and Expedia fall || Online travel shares slid after Google rolled out agentic booking in AI Mode.
fall UMG.AS unknown / fall UMG.AS ai | Universal Music slides in Amsterdam || A report said OpenAI is building a music generator, raising fears of competition.
fall ~software unknown / fall ASAN+HUBS ai | Small-cap software names hit fresh lows || HubSpot, Asana and Domo fell between 6% and 11% as anxiety over AI agents replacing software seats persisted.
fall DSY.PA ai | Dassault Systemes slides as investors question whether AI agents will replace engineering software
fall ZM ai | Zoom drops 7% as OpenAI builds meeting notes into ChatGPT
fall DBX ai | Box and Dropbox shares slip after Claude gains file-management skills
fall TWLO ai | Twilio slumps after OpenAI debuts real-time voice API aimed at call centers
fall DDOG ai | Snowflake, Datadog fall on report OpenAI is developing data-analysis agent
fall TRIP ai | Tripadvisor craters after Google puts AI trip planner in Search
fall YELP ai | Yelp, Angi sink to lows as AI answers siphon off search traffic
fall MONY.L ai | Moneysupermarket owner slumps 11% as ChatGPT insurance quotes arrive in UK
fall AUTO.L+RMV.L ai | Auto Trader, Rightmove among biggest FTSE fallers on AI search worries
fall RMV.L ai | AI fears knock another 6% off Rightmove
fall ^ ai | Sage leads FTSE lower as AI rout spreads to accounting software
fall CAP.PA ai | Capgemini hits six-year low amid AI worries over consulting
fall 6098.T ai | Recruit Holdings sinks in Tokyo on concern AI will upend job ads
fall TAL ai | TAL Education shares tumble on Chinese AI tutoring app launch
fall NVDA ai | Nvidia dips after Moonshot's Kimi K2 shows what cheap training can do
fall ~ai-chips ai | US chip stocks slip as Alibaba's new Qwen model needs far less compute
fall ADBE ai | Adobe shares tumbled more than 7% on Friday after OpenAI demonstrated Sora
fall ~creative ai | Film and TV stocks pummelled as AI video tool goes viral
fall UMG.AS+WMG ai | Universal Music, Warner Music fall as Suno's AI songs top charts
fall IQV ai | IQVIA and Icon drop after Anthropic rolls out Claude for drug trials
fall DOCS ai | Doximity falls 8% after OpenAI unveils ChatGPT for clinicians
fall GDRX ai | GoodRx, Hims slide on launch of ChatGPT Health
fall ADEN.SW+RAND.AS ai | Adecco, Randstad shares hit multi-year lows as AI threatens temp jobs
fall TASK ai | TaskUs plummets on fears AI bots will do away with call-centre outsourcing
fall IT ai | Gartner tumbles as investors fear ChatGPT Deep Research makes its reports obsolete
fall EFX+VRSK ai | Verisk, Equifax sell off as AI scare spreads to data analytics
fall MCO+MSCI ai | Moody's, MSCI slump; Anthropic's finance agents blamed
fall LSEG.L ai | LSEG slumps 13% as investors dump data stocks on AI threat
fall OWL ai | Blue Owl sinks to record low on exposure to software firms threatened by AI
fall KKR ai | KKR, Apollo tumble with software as AI angst reaches private credit
fall AXP+V ai | American Express, Visa shares slide after bleak AI scenario goes viral
fall PYPL ai | PayPal drops as AI shopping agents raise doubts over checkout button
fall ETSY ai | Etsy sinks after Amazon launches AI shopping agent that buys from other sites
fall ADSK ai | Why Autodesk Stock Flopped on Tuesday || Fears that AI could make its design software obsolete dragged down the sector.
fall PAYC unknown / fall PAYC ai | Why Paycom stock tumbled this morning || Shares slid in sympathy with other software makers as worries about AI agents intensified.
fall HUBS unknown / fall HUBS ai | HubSpot: why is it down 10% today? || Anthropic's marketing plug-in has investors asking whether customers still need its software.
fall PSTG+STX+WDC ai | Storage shares get whacked || Seagate, Western Digital and Pure Storage fell after Google unveiled a compression algorithm for AI models.
fall VRT unknown / fall VRT ai | Vertiv stock is having its worst day ever || The cooling specialist plunged 30% as DeepSeek's low-cost model called AI infrastructure needs into question.
fall 5801.T ai | Japanese cable maker Furukawa Electric plunges on DeepSeek shock
fall 000660.KS ai | SK hynix tumbles nearly 10% as Seoul reopens to DeepSeek fallout
fall TCS.NS ai | TCS, HCL Tech down 5% as Anthropic tie-up with consultancies rattles D-Street
fall ~it-services ai | IT index sheds 4% as fear of AI disruption returns to haunt investors
fall INFY ai | Infosys shares tumble 6% as Anthropic's COBOL claim sends ripples through IT pack
fall ^ unknown / fall ~it-services ai | Sensex cracks 1,000 pts; IT shares worst hit on AI scare
fall LZ ai | LegalZoom stock nosedives as Claude goes to law school
fall CRWD ai | CrowdStrike, Palo Alto shares slump as Mythos model stokes fears of automated hacking
fall OKTA ai | Okta falls as AI coding tools make security software look replaceable
fall FROG ai | JFrog collapses 25% after Anthropic adds code scanning to Claude
fall GTLB ai | GitLab at record low as developers flock to AI coding assistants
fall CHGG ai | Chegg plunges after admitting students are switching to ChatGPT
fall FVRR ai | Fiverr slumps as clients turn to AI instead of freelancers
fall SSTK ai | Nano Banana bites: Shutterstock and Getty shares drop
fall WPP ai / fall WPP ai | WPP's share price slump: the AI threat comes home || Shares in the ad group fell 9% as clients use AI to make campaigns themselves.
fall ~software ai | Wall St week ahead: software slump on AI worries leaves investors hunting for a floor
fall ^ ai | Nasdaq tumbles 1.4% as Anthropic's automation push reignites AI disruption fears
fall NOW ai | ServiceNow's stock can't catch a break as AI fears send it to a 2-year low
fall IT ai | Gartner shares crash 27%; some on Wall Street see AI threat
fall WPP ai | WPP sinks as Google lets advertisers make campaigns with AI
fall ~software ai | Selling in software stocks accelerates as AI replacement fears take hold
fall ~software ai | Software shares in tailspin after Anthropic's latest release
*fall CRM unknown / fall CRM ai | Salesforce down 26% this year. It fell again Tuesday on AI fears.
fall ~publishing ai | European publishers and data firms plunge: Anthropic strikes again
fall NVDA ai | How a Chinese AI lab wiped $600 billion off Nvidia in a day
fall NVDA ai | Nvidia stock plummets, loses record $589 billion as DeepSeek prompts questions over AI spending
fall CEG ai | Constellation Energy plunges 21% in worst day on record. China's DeepSeek is why.
fall AVGO ai | Broadcom slides 17% on news of DeepSeek's low training costs
fall ASML ai | ASML, ASMI sink as DeepSeek's breakthrough casts pall over chip gear
fall GOOGL ai | Alphabet stock takes hit as OpenAI readies browser to challenge Chrome
fall GOOGL ai | Google shares slide as Microsoft woos users with AI-powered Bing
fall CHGG ai | Chegg's stock craters on ChatGPT's toll on homework help
fall DUOL ai | Duolingo erases gains after GPT-5 demo builds a language app in seconds
fall TEP.PA ai | Teleperformance shares suffer record fall on AI fears
fall ~freight-brokers ai / fall CHRW unknown | Truckers hit the skids as AI logistics tool upends freight broking; C.H. Robinson down 15%
fall SCHW ai | Schwab and other brokers are tumbling after Altruist unveiled a new AI tool
fall CBRE unknown / fall ~property-brokers ai | CBRE drops 9%, real estate services names dumped on AI worries
fall SPGI ai | S&P Global slides 11% with ratings peers as AI-disruption trade broadens
fall INFY+WIT ai | Wipro, Infosys ADRs tumble up to 10% in US as AI scare deepens
fall IBM ai | IBM falls most in 25 years after Anthropic blog on COBOL
fall CRWD+DDOG ai | CrowdStrike, Datadog drop as Anthropic security push triggers selling
fall MU ai | Micron extends losses as investors digest Google's memory-saving TurboQuant
fall TRI unknown / fall TRI ai | Why Thomson Reuters Stock Was Crushed Today || Anthropic released a plug-in that handles contract review, and the market sees it as a direct challenge.
fall EXPE+~consumer-internet unknown / fall EXPE+~consumer-internet ai | Why Expedia, Booking Stocks Tumbled Today || Google's new AI Mode can plan and book trips, a threat to travel agencies.
fall NOW ai | ServiceNow falls 11% despite earnings beat as AI fears overshadow growth
fall LZ unknown / fall LZ ai | Why LegalZoom stock sank 15% today || A new legal tool from an AI lab spooked shareholders.
fall SAP ai | SAP leads DAX lower as AI agents threaten software licences
"""

SIXTH_LISTED = """
fall ^ ai / fall NVDA ai | DeepSeek rattles Wall Street, Nvidia tumbles 17%
fall ^ ai / fall BA unknown | DeepSeek rattles Wall Street while Boeing falls
fall ~ai-chips+~data-centres+~power-generation ai | Chip, power and data-centre stocks sink as cheap Chinese model needs fewer chips
fall ~advertising+~financial-data+~software ai | Software, data and advertising stocks tumble as Anthropic tool stokes AI fears
fall ~freight-brokers+~insurance-brokers+~wealth ai | Freight, insurance and wealth stocks fall as AI scare trade spreads
fall NVDA spending | Nvidia falls as chip and power costs rise with AI demand
"""

SIXTH_CHINESE = """
fall ^ ai / fall NVDA ai | 要闻：DeepSeek重创美股 英伟达市值大跌
fall ~software ai | Anthropic 发布法律插件，美股软件股集体大跌
fall NVDA ai | 受 DeepSeek 冲击，英伟达股价暴跌近 17%
fall ~cybersecurity ai | 网络安全股盘前走低 Anthropic 推出 AI 代码安全工具
fall IBM ai | IBM 股价创 25 年来最大单日跌幅：Claude 可改造 COBOL 代码
fall ~games ai | 谷歌发布 AI 世界模型 Genie 3，游戏股全线下挫
fall ~memory ai | 存储芯片股重挫，谷歌新算法可将 AI 内存占用降至六分之一
fall ADBE unknown / fall ADBE ai | Adobe 股价下跌 6% || 谷歌推出新的 AI 图像编辑模型，投资者担心其冲击 Photoshop 业务。
fall CRM+SAP+~software ai | AI 颠覆担忧加剧，SAP、Salesforce 等软件股持续走低
fall IBM unknown / fall IBM ai | IBM 暴跌 13%，市值蒸发逾 300 亿美元 因 Anthropic 推出 COBOL 工具
fall ~memory ai | DeepSeek 新模型大幅压缩显存需求 存储概念股集体跳水
fall INFY ai | Anthropic 新工具引发抛售潮 Infosys ADR 跌近 6%
fall NOW ai | AI 代理威胁 SaaS 模式，ServiceNow 跌超 11%
fall NVDA unknown | 英伟达跌超 5%，市场担忧 AI 泡沫
rise ~software | 软件股反弹，AI 恐慌情绪缓解
fall ~ai-chips unknown | 算力股大跌 英伟达财报不及预期
fall NVDA unknown | 英伟达下跌 2%，OpenAI 拟采购 AMD 芯片
fall MSFT unknown | 微软跌 6% OpenAI 合作条款生变
fall ~software unknown | 软件股下跌 金山办公发布 AI 新品
"""

SIXTH_NOT_AGENT = """
fall NVDA+~ai-apps macro label | Nvidia and other AI stocks tumble as yields jump
fall PLTR unknown label | Why Palantir, SoundHound and Other Artificial Intelligence (AI) Stocks Plunged Today
fall SMCI unknown label | AI darling Super Micro sinks 18% after delaying annual filing
fall AI results | C3.ai plunges 25% on weak preliminary sales
fall CRWV offering label | AI cloud firm CoreWeave slides as lock-up expires
fall AVGO results object | Broadcom shares fall as AI chip sales outlook disappoints
fall DELL results object | Dell slips after AI server margins shrink
fall MRVL spending object | Marvell tumbles as custom AI chip growth falls short
fall CRM results own | Salesforce stock drops 6% as Agentforce adoption lags
fall ADBE spending object | Adobe shares sink on slow AI monetisation
fall ARM results | Arm falls on tepid forecast even as AI demand booms
fall META spending object | Meta plunges 11% as Zuckerberg hikes AI spending
fall AMZN spending object | Amazon sinks after $200 billion AI capex plan spooks investors
fall MSFT spending object | Microsoft loses $357 billion in value as AI spending surges and cloud growth slows
fall ^ spending object | Tech stocks slump on worries about AI spending
fall ORCL spending object | Oracle slides as report says Blue Owl won't fund AI data center
fall ORCL spending object | Oracle shares fall 5% on concern over OpenAI-linked debt
fall ^ spending object | Global stocks slide as AI bubble fears resurface
fall ^ spending object | Nasdaq falls 2% as AI valuation jitters grip Wall Street
fall 9984.T spending object | SoftBank plunges 10% as AI bubble worries hit Asia
fall PLTR spending object | Palantir slides as Michael Burry bets against AI names
fall ~power-generation spending object | Power stocks drop as Microsoft cancels data-centre leases, raising AI demand doubts
fall VRT spending object | Vertiv slides on AI demand worries
fall BIDU results own | Baidu shares fall after Ernie Bot launch underwhelms
fall GOOGL unknown | Alphabet drops as Gemini image tool row embarrasses company
fall DUOL spending object | Duolingo plunges 25% as AI push slows user growth
fall AAPL results object | Apple shares slip as Siri AI upgrade delayed
fall FIG results object | Figma tumbles 18% after results as AI investment squeezes margins
fall SNAP unknown | Snap plunges as Perplexity AI deal ends
fall PATH results | UiPath sinks 30% after cutting forecast, CEO exit
fall WDAY results object | Workday shares slide as subscription revenue forecast misses, company touts AI agents
fall TEM results label | Tempus AI stock falls 12% on Q2 results
rise ~software | Software stocks rebound as AI fears ease
rise TRI | Thomson Reuters jumps 11% after Anthropic partnership
rise NVDA | Nvidia climbs as DeepSeek worries fade
rise INTU | Intuit shares surge on deal to bring TurboTax to ChatGPT
rise BABA | Alibaba soars as new Qwen model tops DeepSeek
rise FIG | Figma rallies after OpenAI adds app to ChatGPT
- | Stocks making the biggest moves midday: Nvidia, Salesforce, OpenAI partner CoreWeave, Chegg and more
rise PLTR / fall PINS results | Earnings live: Palantir soars on AI demand, Pinterest pummeled, Chipotle cuts forecast
fall SNOW unknown / rise AI | After-hours movers: Snowflake falls, C3.ai jumps, HP slides on tariffs
fall ^ tariffs | Dow drops 400 points on tariff fears; OpenAI launches GPT-4.5
fall ADBE unknown | Tech Roundup: Adobe slips, Anthropic raises funds, Apple eyes Gemini
fall NOW contagion | ServiceNow falls in sympathy after SAP's cloud backlog misses
fall ~advertising contagion object | Ad stocks drop as WPP cuts guidance, touts AI platform
fall ~ai-chips contagion object | Chip stocks slide after ASML orders disappoint, AI optimism fades
- | One year after DeepSeek shock, Nvidia is worth $5 trillion
- | Will AI kill software stocks? Analysts are divided
fall ADBE unknown | Is Adobe stock a buy after its AI-driven slump?
fall ~software unknown | Opinion: AI won't eat software, and the sell-off is overdone
- | Jim Cramer says software fears over Anthropic are overblown
- | AI could wipe out half of entry-level jobs, Anthropic CEO warns
none NVDA | Analyst predicts Nvidia could fall 30% if AI models get cheaper
fall MSFT unknown | Microsoft slips as Apple picks Google's Gemini for Siri
fall SMCI spending object | Super Micro falls after Oracle cancels AI server order
fall NVDA policy object | Nvidia falls as U.S. tightens AI chip export curbs to China
fall AMD policy object | AMD slides on $800 million hit from China AI chip restrictions
fall NVDA spending object | Nvidia drops after China tells firms to stop buying its AI chips
fall AAPL regulator | Apple shares slip as lawsuit alleges books used to train AI
- | New York Times sues OpenAI; Microsoft shares dip
fall 9984.T spending object | SoftBank shares tumble after selling Nvidia stake to fund OpenAI bet
- | Anthropic raises $30 billion at $380 billion valuation
fall CRWV+ORCL results | OpenAI misses revenue target; Oracle, CoreWeave shares slide
- | ChatGPT down for thousands of users, Downdetector shows
fall SOUN rating | Open Lending and SoundHound AI slide as short seller report lands
- | Salesforce cuts 4,000 support jobs as AI takes over; shares flat
rise XYZ | Block slashes half its staff citing AI, shares soar
fall CRM unknown / fall CRM results | Why Salesforce Stock Dropped Today || The company's revenue forecast fell short of estimates even as its AI agent product gained customers.
fall DELL unknown | Why Dell Stock Sank Today || Margins at the PC maker's AI server business narrowed in the quarter.
fall CRWV unknown | Why CoreWeave Shares Are Plunging || The AI cloud company said a data-center delay would weigh on full-year revenue.
fall UNH unknown | UnitedHealth falls 8% || The insurer cut its profit outlook, and separately said it uses AI to process claims.
fall NKE unknown / rise NVDA | Nike shares tumble 10% || The sportswear maker warned on tariffs. Elsewhere, Nvidia rose on AI optimism.
fall TGT results | Target drops after weak holiday sales || Its new chief said AI would help with inventory.
fall TSLA results | Tesla slides on delivery miss || Analysts still see value in its AI and robotics bets.
fall ^ macro / fall AVGO+NVDA unknown label / rise ~power-generation | Wall Street ends lower on hot inflation data || Nvidia and Broadcom led AI shares down while energy stocks rose.
fall SMCI unknown | Super Micro Computer stock sinks || Auditor Ernst & Young resigned from the AI server maker.
fall INTC unknown | Intel falls 9% on manufacturing charge || The chipmaker has struggled to win AI customers from Nvidia.
fall MRVL unknown | Marvell slides 14% || The maker of AI chips for Amazon forecast revenue below expectations.
fall NVDA unknown | Why Nvidia Stock Fell Today || President Trump announced tariffs on semiconductors. The company dominates the market for AI chips.
fall ARM unknown / rise ~ai-apps | Why Arm Stock Slumped || A downgrade cited rich valuation after the rally in AI stocks.
fall RDDT results | Reddit drops on user growth miss || The company licenses its data to OpenAI and Google.
fall TTD results | Trade Desk plunges 33% after first revenue miss || The ad tech firm said the rollout of its AI platform Kokai was slower than hoped.
fall ASAN deal | Asana slides as CEO steps down || Its AI Studio is growing quickly, the outgoing chief said.
fall GTLB results | GitLab falls on guidance || Duo, its AI assistant, integrates Anthropic's Claude.
fall ACN unknown | Accenture drops on federal contract cuts || The consultant has a partnership with OpenAI.
fall ^ contagion | Nasdaq slips as traders await Nvidia results || Investors are looking for signs that the AI boom has further to run.
fall VRT unknown | Vertiv sinks 15% || Quarterly orders at the data-center equipment maker missed estimates, stoking worry about AI demand.
rise CRWD / *fall CRWD ai | CrowdStrike stock rises on Anthropic partnership || The shares had dropped last month after Anthropic launched a security tool.
fall CHGG unknown | Chegg reports quarterly results || Shares of the company have lost 99% since ChatGPT launched in 2022.
rise CNXC | Concentrix rallies 9% || The call centre operator beat forecasts, easing fears that AI is taking its business.
fall ADBE results own | Adobe slides after Firefly revenue disappoints
fall IBM results own | IBM falls 8% as watsonx bookings slow
fall AMZN results own | Amazon slips as Alexa+ rollout hits snags
fall SOUN unknown | SoundHound sinks after losing voice AI customer
fall BIDU results | Baidu slides despite launch of Ernie 5 as ad revenue shrinks
fall DUOL unknown | Duolingo shares drop as CEO says AI will replace contractors
fall DUOL unknown | Why Duolingo Stock Fell Today || The CEO said AI will replace contract workers, prompting a social media backlash.
fall KLAR unknown | Klarna falls as AI-first hiring freeze reversed
fall GOOGL spending object | Alphabet slips after raising AI capex to $185 billion
fall CRWV spending object | CoreWeave plunges on debt-fuelled AI expansion
*fall NVDA ai | Nvidia sinks as DeepSeek anniversary passes and investors ask who pays for AI
fall ~ai-chips spending object | Chip stocks slide on fears hyperscalers will trim AI budgets
fall MU unknown | Micron falls as Samsung's HBM4 wins Nvidia approval
fall NVDA spending object | Nvidia drops 3% as Anthropic signs up for a million Google TPUs
fall SONY unknown | Sony slides as AI-driven memory crunch raises console costs
fall 7974.T spending object | Nintendo tumbles on fears AI demand for memory will squeeze margins
rise CRWD | CrowdStrike surges as Mythos model underlines need for cyber defence
rise NVDA | Nvidia pares DeepSeek losses, ends up 9%
fall TSLA unknown / rise META | Tesla falls, Meta rises, Anthropic launches Opus 4.6: what moved markets Thursday
fall ^ unknown | 5 things to know: Stocks slide, OpenAI's new model, Boeing talks
fall ^ macro | Nasdaq falls as strong jobs data dents rate-cut hopes; Anthropic tool in focus
fall ~crypto-miners macro | Bitcoin miners slump as crypto rout deepens despite AI pivot
fall AAPL regulator | Apple falls after Musk's xAI sues over App Store rankings
fall META regulator | Meta slips on probe into AI chatbots' talks with minors
- | Software stocks have fallen too far on AI fears, says Morgan Stanley
none ~software | Three software stocks that could sink as AI agents spread
- | Two years after AI panic, Teleperformance still trades at half its old value
fall INFY contagion | Infosys slips after Accenture cuts outlook; AI deal wins cited
fall UPST unknown | Why Upstart Stock Sank Today || The AI lender priced a convertible note offering, and investors worried about dilution.
fall NVDA unknown | Why Nvidia Stock Fell Today || Competition from Chinese chipmakers such as Huawei is a growing threat to its AI business.
fall AMD unknown | Why AMD stock dropped today || Investors are worried that demand for AI accelerators may be peaking.
fall AVGO unknown | Why Broadcom Shares Slid Today || Google may shift some custom AI chip work to MediaTek, a report said, raising fears of lost orders.
fall ORCL unknown | Why Oracle Stock Slumped Today || Fears are mounting over its exposure to OpenAI, which accounts for most of its backlog.
fall CRWV unknown | Why CoreWeave Stock Is Down Today || Short seller Jim Chanos questioned whether AI cloud companies will ever make money.
fall PLTR unknown / fall ~software macro | Why Palantir Stock Sank Today || Software stocks fell as government shutdown fears hit contractors. Palantir sells AI software.
fall TSLA unknown | Why Tesla stock fell today || Waymo, its robotaxi rival, expanded to new cities, and xAI poached engineers.
- | Why Apple Stock Dipped Today || The company's revamped Siri, powered by Google's Gemini, will be late, a report said.
fall SNAP unknown | Why Snap Shares Plunged Today || The Specs maker lost users in North America as it battles TikTok and Meta AI.
fall INTC unknown | Why Intel stock is down || A key partner may build its own AI chips, threatening a foundry win.
fall RDDT unknown | Why Reddit Stock Fell Today || Data showed ChatGPT cites Reddit less often, but analysts blamed valuation.
fall MU unknown | Why Micron stock fell 5% Friday || Investors feared that a new supply from Samsung will hurt AI memory prices.
fall SMCI unknown | Why Super Micro shares plummeted today || Dell's growing share in AI servers threatens the company's margins.
fall VRT unknown | Why Vertiv Stock Dropped Today || Amazon unveiled its own cooling system for AI servers, threatening sales to a key customer.
fall NVDA spending object | Nvidia falls as Chinese AI chip startup soars on debut
fall NVDA spending object | Nvidia slips as Huawei unveils AI chip cluster to rival its systems
fall TSM spending object | TSMC drops as U.S. probes Chinese AI firm's access to its chips
fall ~ai-chips policy | Chip stocks fall as Trump officials target Chinese AI startups with new curbs
fall NVDA spending object | Nvidia drops as China AI spending slows
fall PLTR unknown | Palantir slides despite AI-driven sales beat as valuation worries return
fall MSFT results | Microsoft falls despite OpenAI gain as cloud growth slows
fall SMCI results | Super Micro sinks despite AI order surge as margins shrink
fall MU unknown | Micron shares are down 6%. Blame AI spending jitters.
fall NKE unknown | Nike's stock is tumbling. Tariffs are to blame, not AI.
fall PLTR unknown | Why is Palantir down today? Blame Michael Burry.
fall GOOGL unknown / fall GOOGL unknown | Google is latest victim of AI-generated phishing scam; shares slip
fall UNH outage / fall UNH unknown | UnitedHealth is the latest victim of AI-powered hackers as shares fall
fall ^ unknown label | Nasdaq falls as AI trade unwinds in chilling reminder of dot-com bust
fall NVDA unknown label | Nvidia sheds 4% as AI rally loses steam
fall NVDA spending object | Nvidia falls as Sam Altman says investors are overexcited about AI
fall ^ unknown | Asian shares slide as AI jitters return to Wall Street
fall ~cloud spending object | Cloud stocks drop after Nvidia-backed CoreWeave's AI outlook chills sector
fall IBM unknown | IBM falls after HashiCorp deal scrutiny; touts AI agents
fall ~ai-chips unknown / rise ~software | Chip stocks fall, software gains as traders rotate after AI agents' launch
fall CRM unknown | Salesforce drops after Informatica purchase as AI deal worries investors
fall ADBE unknown | Adobe to buy Semrush for $1.9 billion in AI marketing push; stock slips
fall AI results object | C3.ai tumbles as founder's illness and AI competition weigh on sales
fall PINS tariffs object | Pinterest crashes as tariffs hit ads and AI spending rises
"""

SEVENTH = """
fall GOOGL ai | Google shares tumble 8% as the AI chatbot Bard gets an answer wrong in an ad
fall GOOGL ai | Alphabet sinks after its AI chatbot gives a wrong answer
fall GOOGL results own | Alphabet shares fall 7% after Google's event on AI
fall GOOGL spending | Alphabet falls after it admits a mistake in AI spending
fall RELX ai | It was Anthropic's contract plug-in that sent RELX to its lowest close since 2020
fall TRI ai | Anthropic's legal agent drags Thomson Reuters down
fall ~education ai | ChatGPT drives down shares of education companies
fall NVDA ai | How DeepSeek's chatbot sank Nvidia shares
fall CRM+ADBE+WDAY ai | Salesforce, Adobe and Workday stocks are being crushed by fears that AI will replace them
fall MU+~memory ai | Micron leads memory stocks lower after Google's memory-saving algorithm
fall ASML ai | ASML dips in DeepSeek-driven rout
fall GEV ai | GE Vernova slides 20% in DeepSeek fallout
fall SCHW ai | Why Charles Schwab stock sank today: an AI tax planner
fall CHGG ai | Is AI killing Chegg? Shares sink 30%
fall RJF ai | Raymond James slips after Altruist unveils tool that drafts tax plans
fall MCO ai | Moody's slips after start-up releases app that drafts credit reports
fall CHRW ai | C.H. Robinson drops as Algorhythm's AI doubles loads
fall ASAN ai | Asana swoons as investors fear agents will run projects themselves
fall ~property-brokers ai | Property brokers sell off on fears AI will shrink demand for offices
fall FVRR ai | Fiverr collapses as businesses choose chatbots over freelancers
fall ~insurance-brokers ai | Investors dump insurance brokers over AI
fall IT ai | Gartner plunges 30%, the latest casualty of AI
fall WPP ai | WPP plunges after profit warning as AI upends advertising
fall V ai | Visa falls as report warns of AI agents bypassing card fees
fall ~it-services ai | Anthropic launch sends shivers through IT stocks
fall ~it-services ai | Indian IT shares wipe out $40 billion on AI fears
fall ~games ai | Game stocks slip as Google's AI conjures playable worlds
fall SPGI ai | S&P Global falls as AI firms threaten data providers
fall SAP ai | SAP-Aktien stürzen nach KI-Ängsten
fall NVDA ai | 英伟达暴跌15%，DeepSeek冲击算力需求预期
fall ~insurance-brokers ai | AI恐慌交易蔓延 保险经纪股重挫
fall ADBE unknown | Adobe falls: AI did not cause it, analysts say
fall ADBE results | Adobe shares fall, not because of AI but because of weak guidance
fall ~software unknown | 软件股暴跌，并非因为AI
fall ~software unknown | 软件股下跌，与AI无关
fall RDDT contagion | Reddit plunges after Google algorithm change hits traffic
fall PTON unknown | Peloton slumps after start-up launches rival bike
fall HRB unknown | H&R Block drops after Intuit launches tax filing app
fall AAPL spending object | Apple drops as Google unveils AI-packed Pixel
fall NVDA+~ai-chips policy object | Nvidia leads chip stocks lower on export rule for AI chips
fall BIDU spending object | Baidu slides 7% after AI spending eats into profit
fall ^ unknown | Sam Altman warns of AI bubble, Nasdaq slips
fall COIN unknown | Coinbase falls, the start-up scene does not seem worried
fall V unknown | Visa falls on shock that a payments start-up does not fear
"""

# as a wire may write them; written without a look at the grammar
EIGHTH = """
fall CHGG ai | Chegg sinks a third as students turn to ChatGPT for homework help
fall TRI+RELX ai | Thomson Reuters, RELX slide after Anthropic's legal plugin spooks holders
fall ~insurance-brokers ai | Insurance brokers tumble after OpenAI lets users buy cover inside ChatGPT
fall ~wealth ai | Wealth-management shares skid as AI tax planner raises questions about fees
fall IBM ai | IBM posts steepest one-day loss since 2000 after Anthropic says Claude can rewrite COBOL
fall ~software ai | Software stocks lose $285 billion in value on fear of AI agents
fall SPGI ai | S&P Global down 11% as AI research tool seen eating into data business
fall ADBE ai | Adobe hits three-year low, with Google's new image model seen as a threat
fall FIG ai | Figma shares sink following debut of Claude design tool
fall GOOGL ai | Alphabet falls 7% on report that OpenAI is close to releasing a browser
fall DUOL ai | Duolingo stock hammered as GPT-5 demo builds a language app in minutes
fall CRWD+ZS+OKTA ai | CrowdStrike, Zscaler and Okta drop after Anthropic unveils code security scanner
fall ~cybersecurity ai | Cyber stocks hit by new Claude feature that hunts for bugs
fall NVDA ai | Nvidia loses $589 billion in a day after Chinese start-up's cheap AI model
fall ~power-generation ai | Power producers plunge as DeepSeek casts doubt on electricity needs of AI
fall ~it-services ai | Indian IT index slides 6% as new AI coding agent fans outsourcing worries
fall INFY ai | Infosys ADRs fall on concern Anthropic tool will replace coders
fall ~games ai | Video-game stocks fall after Google shows model that creates playable worlds
fall U ai | Unity tumbles 24% as investors weigh threat from Google's Project Genie
fall CBRE+JLL ai | Commercial property brokers CBRE, JLL plunge in latest AI-driven rout
fall SCHW ai | Schwab falls 7% after start-up rolls out AI tool for tax strategies
fall ~staffing ai | Recruiters' shares under pressure as AI agent takes on screening of candidates
fall WPP ai | WPP shares fall after Meta says AI will fully automate ads by 2026
fall ~advertising ai | Ad agencies slide as Meta plans to automate campaigns with AI
fall ~call-centres ai | Call-centre operators slump on Klarna's AI assistant doing work of 700 agents
fall TEP.PA ai | Teleperformance shares crash 20% after Klarna says AI bot does work of hundreds of agents
fall EDU ai | New Oriental falls in Hong Kong after Alibaba releases AI tutor
fall HUBS ai | HubSpot pares losses, still down 9%, after OpenAI shows sales agent
fall ~memory ai | Memory chip makers sink after Google says new algorithm cuts memory needs sixfold
fall MU ai | Micron drops 8% as Google's compression technique stokes demand fears
fall ANET ai | Arista falls as much as 22% after DeepSeek claims far lower training costs
fall OMC ai | Omnicom under pressure as AI image model prompts downgrade of agency models
fall ~education ai | Education stocks retreat as study mode in ChatGPT rattles investors
fall CSGP ai | CoStar falls 5% after OpenAI adds Zillow app to ChatGPT
fall GDDY+WIX ai | GoDaddy, Wix shares drop on OpenAI website builder
fall TTWO ai | Take-Two down 8% premarket on Google AI game tool
fall SAP ai | SAP shares slide 5%; traders point to new Anthropic agent
fall FDS ai | FactSet hits 52-week low amid concern AI will make its terminals redundant
fall INTU ai | Intuit tumbles after Anthropic moves into bookkeeping
fall DOCU ai | DocuSign falls 12% after OpenAI reveals in-house contract tool
fall LZ ai | LegalZoom slumps 20% on Anthropic legal automation
fall TRIP ai | Tripadvisor drops 15% after OpenAI launches trip planner
fall TTD ai | Trade Desk sinks on worries AI agents will bypass ad-tech
fall UPWK+FVRR ai | Upwork, Fiverr shares sag as AI model takes on freelance tasks
fall ~crypto-miners ai | Bitcoin miners crash alongside Nvidia on DeepSeek news
fall CEG ai | Why Constellation Energy shares collapsed: DeepSeek's R1 model
fall ASML ai | ASML slides 7% in Amsterdam after DeepSeek model upends chip demand view
fall RELX+WKL.AS ai | European publishers RELX, Wolters Kluwer extend losses after Anthropic adds legal skills
fall ~music ai | Music labels fall as OpenAI works on song generator
fall EPAM ai | EPAM plummets 12% after Anthropic's Claude update writes whole applications
fall ~software ai | Software selloff deepens as Claude Cowork plugins fuel replacement fears
fall CRM+NOW ai | Salesforce, ServiceNow lead Dow lower after Anthropic automation tool
fall ^ ai | Nasdaq tumbles 3% as cheap Chinese AI model hits chip giants
fall PSO ai | Pearson shares slide 9% in London as OpenAI's tutor goes live in UK schools
fall COUR+UDMY ai | Coursera and Udemy lose a tenth each after Google makes its AI classes free
fall CHRW ai | C.H. Robinson slumps 15% on little-known firm's AI freight tool
fall ~freight-brokers ai | Trucking and logistics stocks in broad retreat after AI booking agent shown
fall LPLA ai | LPL Financial drops 8% after Altruist's AI assistant builds tax plans in minutes
fall TRI ai | Thomson Reuters loses 16%, its worst day ever, after Anthropic enters legal market
fall ACN ai | Accenture shares hit by fears that Claude can do what consultants do
fall CTSH ai | Cognizant falls to lowest in a year on AI coding scare
fall TEAM ai | Atlassian plunges; investors fear AI agents will shrink per-seat software
fall MNDY ai | Monday.com sinks 20% as vibe coding threatens project software
fall RBLX ai | Roblox down 12% after DeepMind lets users make game worlds from a prompt
fall PANW ai | Palo Alto Networks slips 6% after OpenAI shows security agent
fall FVRR ai | Fiverr stock craters as freelancers lose work to ChatGPT
fall GETY ai | Getty Images tumbles 10% on Google's Nano Banana launch
fall MU+SNDK ai | Micron, SanDisk drop after researchers unveil AI model that needs a sixth of the memory
fall AVGO ai | Broadcom shares tumble 17% in wake of DeepSeek's low-cost model
fall ~data-centres ai | Data-centre landlords sold off as DeepSeek model seen needing far fewer chips
fall SMCI ai | Super Micro sinks 12% amid DeepSeek-led selloff
fall GOOGL ai | Google parent sheds 9% after Apple executive says AI search engines will replace it
fall GOOGL ai | Alphabet stock falls on launch of ChatGPT Atlas browser
fall YELP+TRIP ai | Yelp, Tripadvisor slide as ChatGPT adds restaurant booking
fall BKNG ai | Booking Holdings drops 6% after Google unveils agentic travel planner
fall ZIP ai | ZipRecruiter slides 11% as OpenAI announces jobs platform
fall RHI ai | Robert Half falls to 10-year low on worry AI agents replace accountants
fall TIXT ai | Telus Digital down 18% after rival bank swaps call staff for AI bot
fall Z ai | Zillow dips 5% after Google tests home listings in AI search
fall INFY+WIT ai | Infosys, Wipro sink in New York after Anthropic's COBOL claims
fall ADSK ai | Autodesk off 7% as AI start-up demos text-to-CAD model
fall WMG ai | Warner Music falls 5% as AI song maker tops streaming charts
fall EXFY ai | Expensify tanks 22% on OpenAI bookkeeping agent
fall ~advertising ai | Advertising groups slump: Meta's AI will make ads by itself
fall SHOP ai | Shopify slides 8% after Amazon unveils AI shopping agent
fall GTLB ai | GitLab sags 10% following debut of Claude Code
fall CHGG results | Chegg sinks a third as it withdraws its forecast and cuts jobs
fall TRI results | Thomson Reuters slides after quarterly sales miss; touts AI products
fall ~freight-brokers unknown | Freight brokers fall as diesel prices climb; AI start-up raises $40 million
fall ADBE results | Adobe falls 9% on soft outlook despite record sales of AI tools
fall NVDA policy object | Nvidia slips as Trump weighs tariffs on chips
fall NVDA spending object | Nvidia falls 6% on worries AI spending has peaked
fall ORCL spending object | Oracle drops 11% after raising AI capital spending by $15 billion
fall PLTR rating label | Palantir slides after analyst cuts AI darling to sell
fall IBM results | IBM falls 7% as consulting revenue disappoints
fall SMCI regulator object | Super Micro tumbles after auditor quits, AI server demand strong
fall GOOGL regulator object | Alphabet slips after judge orders Google to share search data with AI rivals
fall CRWD outage | CrowdStrike sinks 11% after global outage; AI update to blame, it says
fall AI results | C3.ai plunges 25% after preliminary results
fall BBAI offering | BigBear.ai falls on share sale
rise DUOL unknown | Duolingo soars 20% as AI courses double its catalogue
rise ~software unknown | Software stocks rally as AI fears ease
fall U results object | Unity drops 15% on weak guidance, says AI ad tool on track
fall VST regulator object | Vistra falls on regulator's ruling over AI data centre deal
fall 9984.T spending object | SoftBank slides 8% as OpenAI investment raises debt worries
fall META spending object | Meta sinks after Zuckerberg pledges to spend more on AI
fall ~ai-apps macro label | AI stocks tumble as jobs report dents rate-cut hopes
fall INTC results | Intel falls 8% after foundry delay; AI chip roadmap unchanged
fall SOUN offering | SoundHound AI drops 30% after Nvidia sells stake
fall TEM rating | Tempus AI slides after short seller report
fall CRWV offering object | CoreWeave falls 14% as lock-up expires and AI costs rise
fall ^ macro | Wall Street ends lower on inflation; Nvidia unveils new AI model
fall GETY results | Getty Images sues AI start-up; shares down 2% on weak licensing revenue
fall Z macro | Zillow slides as mortgage rates rise, launches ChatGPT app
fall AAPL spending object | Apple slips after delaying AI features for Siri
fall CRM results object | Salesforce drops on tepid forecast for AI agent revenue
fall TSLA unknown | Tesla falls after Musk's xAI raises $6 billion
fall WKL.AS unknown | Wolters Kluwer names new chief to lead AI push; shares slide 10%
fall ~ai-apps unknown label | Why AI stocks plunged today
fall DELL results object | Dell tumbles as AI server margins shrink
fall TDOC unknown | Teladoc sinks after losing contract; plans AI scribe
fall WDAY spending object | Workday falls 6% after cutting 1,750 jobs to invest in AI
fall WIX unknown | Wix slips after start-up sells app stake
fall ETSY unknown | Etsy slides after startup plans marketplace
fall W unknown | Wayfair falls as start-up sells app for sofas
fall CVNA unknown | Carvana falls after upstart prices app shares at $20
fall PINS unknown | Pinterest slides after startup app reads users' contacts
fall DUOL unknown | Duolingo falls after start-up's app reviews turn sour
fall PTON unknown | Peloton falls as start-up launches rival app
fall CHRW ai | C.H. Robinson falls after start-up's tool prices freight by itself
fall EXPE ai | Expedia falls after start-up shows tool that plans trips
fall TRI ai | Thomson Reuters slides after start-up unveils app that reads contracts
"""
