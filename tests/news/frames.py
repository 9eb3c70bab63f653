"""Clauses of headlines in this project's own words, each with what a careful reader takes from it.

``expected | headline`` or, with a summary, ``expected | headline || summary``. ``expected`` has a frame for each
clause that moves, parted by ``/``: which way, who, the cause and, where it matters, what AI does. Who: symbols and
``~exposure`` joined by ``+``, ``^`` a whole market, ``?`` nobody known. ``-`` where nothing moves. ``*`` before it: told
of another day. Rows
were written before anybody looked at what the reader makes of them, table by table. Read for the first time, the ties
of ``SECOND`` and its Chinese rows were wrong in 16 of 128 (14 not seen), those of ``THIRD`` in 16 of 75 (15 not seen),
those of ``FOURTH`` in 1 of 75 (not seen), of ``FIFTH`` in 7 of 43 (not seen). What was wrong then was mended, or the row where it asked too much.
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
fall QCOM unknown | Qualcomm drops despite beating forecasts as AI phone demand cools
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
fall GOOGL results own | Alphabet tumbles after its chatbot Bard botches a demo
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
fall NVDA ai / fall ? ai | Nvidia's $600bn wipeout: how DeepSeek spooked the market
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
