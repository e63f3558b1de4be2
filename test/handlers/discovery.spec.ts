import { Controller, Inject, Injectable, Module, type ModuleMetadata, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type InboundMessageKind,
  OnWhatsappMessage,
  OnWhatsappStatus,
  type OutboundStatus,
  WhatsappTwilioModule,
} from 'nestjs-whatsapp-twilio';
import { WhatsappHandlers } from '../../src/whatsapp-twilio/handlers/whatsapp-handlers';
import { MemoryLogger } from '../support/memory-logger';
import { sampleOptions } from '../support/sample-options';

@Injectable()
class Greeter {
  readonly greeting: string = 'Hello';

  @OnWhatsappMessage('text', 'button')
  greet() {
    return this.greeting;
  }

  @OnWhatsappStatus('failed', 'undelivered')
  alarm() {}

  notAHandler() {}
}

interface Found {
  readonly messages: readonly string[];
  readonly statuses: readonly string[];
  readonly handlers: WhatsappHandlers;
  readonly log: readonly string[];
}

/** What is found in an app with these providers, each as `name: what it handles`. */
async function discover(metadata: ModuleMetadata): Promise<Found> {
  const logger = new MemoryLogger();
  const moduleRef = await Test.createTestingModule({
    ...metadata,
    imports: [WhatsappTwilioModule.forRoot({ ...sampleOptions(), path: false }), ...(metadata.imports ?? [])],
  })
    .setLogger(logger)
    .compile();
  const handlers = moduleRef.get(WhatsappHandlers, { strict: false });
  try {
    await moduleRef.init();
    return {
      messages: namesOf(handlers.messages),
      statuses: namesOf(handlers.statuses),
      handlers,
      log: logger.lines.filter((line) => line.endsWith(' WhatsappTwilio')),
    };
  } finally {
    await moduleRef.close();
  }
}

function namesOf(found: readonly { name: string; filter: ReadonlySet<string> }[]): string[] {
  return found.map(({ name, filter }) => `${name}: ${[...filter].join(', ')}`);
}

describe('Handlers are found', () => {
  it('in providers, each with what it handles, and run with their own this', async () => {
    const { messages, statuses, handlers } = await discover({ providers: [Greeter] });
    expect(messages).toEqual(['Greeter.greet: text, button']);
    expect(statuses).toEqual(['Greeter.alarm: failed, undelivered']);
    expect(handlers.messages[0]!.run({} as never, {} as never)).toBe('Hello');
  });

  it('in controllers', async () => {
    @Controller()
    class Pages {
      @OnWhatsappMessage()
      all() {}
    }
    expect((await discover({ controllers: [Pages] })).messages).toEqual([
      'Pages.all: text, image, video, audio, document, sticker, location, contacts, button, list, flow, reaction, unsupported',
    ]);
  });

  it('in what factories make, be it later', async () => {
    const factory = { provide: 'greeter', useFactory: () => Promise.resolve(new Greeter()) };
    expect((await discover({ providers: [factory] })).messages).toHaveLength(1);
  });

  it('in other modules, and in values', async () => {
    @Module({ providers: [{ provide: 'greeter', useValue: new Greeter() }] })
    class FeatureModule {}
    expect((await discover({ imports: [FeatureModule] })).messages).toHaveLength(1);
  });

  it('in a base class', async () => {
    class Polite extends Greeter {
      override readonly greeting: string = 'Good day';
    }
    const { messages, handlers } = await discover({ providers: [Polite] });
    expect(messages).toEqual(['Polite.greet: text, button']);
    expect(handlers.messages[0]!.run({} as never, {} as never)).toBe('Good day');
  });

  it('once, when a class is there under several names or in several modules', async () => {
    @Module({ providers: [Greeter] })
    class FeatureModule {}
    const { messages, statuses } = await discover({
      imports: [FeatureModule],
      providers: [Greeter, { provide: 'alias', useExisting: Greeter }, { provide: 'another', useClass: Greeter }],
    });
    expect([messages.length, statuses.length]).toEqual([1, 1]);
  });

  it('under different names when two classes have the same', async () => {
    const [one, other] = [classNamedBot(), classNamedBot()];
    expect((await discover({ providers: [one, other] })).messages).toEqual(['Bot.hear: text', 'Bot#2.hear: text']);
  });

  it('for all that several decorators on one method name', async () => {
    @Injectable()
    class Bot {
      @OnWhatsappMessage('text')
      @OnWhatsappMessage('location')
      hear() {}
    }
    expect((await discover({ providers: [Bot] })).messages).toEqual(['Bot.hear: location, text']);
  });

  it('not where there are none: getters are left alone, and null is', async () => {
    @Injectable()
    class Touchy {
      get touched(): string {
        throw new Error('touched');
      }
    }
    const providers = [
      Touchy,
      { provide: 'null', useValue: null },
      { provide: 'bare', useValue: Object.create(null) as object },
    ];
    expect((await discover({ providers })).messages).toEqual([]);
  });
});

describe('At start', () => {
  it('the log names each handler and what it handles', async () => {
    const { log } = await discover({ providers: [Greeter] });
    expect(log).toContain('log Greeter.greet handles text, button WhatsappTwilio');
    expect(log).toContain('log Greeter.alarm handles failed, undelivered WhatsappTwilio');
    expect(log.join()).not.toContain('No @OnWhatsappMessage');
  });

  it('the log warns when nobody handles messages', async () => {
    const { log } = await discover({});
    expect(log).toContainEqual(expect.stringMatching(/^warn No @OnWhatsappMessage handler was found/));
  });

  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('a %s class is refused by name', async (_name, scope) => {
    @Injectable({ scope })
    class Scoped {
      @OnWhatsappMessage('text')
      hear() {}
    }
    await expect(discover({ providers: [Scoped] })).rejects.toThrow(/^Scoped\.hear handles .* Make it a singleton\.$/);
  });

  it('a class that depends on a request-scoped one is refused', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {}
    @Injectable()
    class Bot {
      constructor(@Inject(Scoped) readonly scoped: Scoped) {}
      @OnWhatsappMessage('text')
      hear() {}
    }
    await expect(discover({ providers: [Scoped, Bot] })).rejects.toThrow(
      /^Bot\.hear handles .* depends on one that is/,
    );
  });
});

describe('The decorators refuse', () => {
  it('a kind that does not exist, and list those that do', () => {
    const poll = 'poll' as InboundMessageKind;
    expect(() => OnWhatsappMessage('text', poll)).toThrow(
      '@OnWhatsappMessage(poll): not known. Use any of text, image, video, audio, document, sticker, location, ' +
        'contacts, button, list, flow, reaction, unsupported.',
    );
  });

  it('a status that does not exist, and list those that do', () => {
    const seen = 'seen' as OutboundStatus;
    expect(() => OnWhatsappStatus(seen)).toThrow(
      /@OnWhatsappStatus\(seen\): not known\. Use any of scheduled, .*read\.$/,
    );
  });

  it.each([
    ['a property', {}, 'hear', { value: 5 }],
    ['a static method', class {}, 'hear', { value: () => {} }],
    ['a method whose name is a symbol', {}, Symbol('hear'), { value: () => {} }],
  ])('%s, where no message would ever come', (_name, target, property, descriptor) => {
    expect(() =>
      OnWhatsappMessage('text')(target, property, descriptor as TypedPropertyDescriptor<() => void>),
    ).toThrow(TypeError);
  });
});

function classNamedBot() {
  @Injectable()
  class Bot {
    @OnWhatsappMessage('text')
    hear() {}
  }
  return Bot;
}
