// What runs in the browser. Pages work without it where they can; what it adds is speed and the keyboard.
import './htmx';
import './csv';
import './forms';
import './keys';
import './lists';
import './live';
import './palette';
import './said';
import './session';
import './small';
import './trial';
